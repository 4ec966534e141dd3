"""Which properties of the demand story a layer's units carry, and which it neglects.

A unit carries a property as far as its activation correlates with it, given the other properties
(partial correlation over the training rows): what both have with the others in common does not
count. A unit that mixes properties carries each of them, so units are told apart before they are
counted: units that compute the same (``functional.same_function``) are one, and each may be the
unit of one property only, by the best assignment. A property is neglected where the unit that is
left for it carries less than the threshold ``neglect``.

Portable operations only. Letters: n networks, b rows, u units, q properties.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

Array = np.ndarray

NOTHING_LEFT = 1e-12  # of a variance: what rounding leaves where nothing should be


@dataclass(frozen=True)
class Directions:
    """The properties as directions over the rows, to correlate activations with.

    ``basis`` [b, q] is orthonormal and spans the properties less their means; column j of ``own``
    [b, q] is what property j has for itself: of length 1 and at right angles to the others, or 0
    where the others leave nothing of it.
    """

    basis: Array
    own: Array

    @property
    def columns(self) -> Array:
        """The basis and what each property has for itself, side by side [b, 2q]."""
        return np.concatenate([self.basis, self.own], axis=1)


def directions(properties: Array) -> Directions:
    """Return the directions of properties [b, q] (Gram-Schmidt, column after column)."""
    columns = list((properties - _mean(properties)).T)
    own = [_orthonormal([*columns[:j], *columns[j + 1 :], column])[-1]
           for j, column in enumerate(columns)]  # fmt: skip
    shape = (len(properties), len(columns))
    return Directions(*(np.array(found).T.reshape(shape) for found in (_orthonormal(columns), own)))


def _mean(values: Array) -> Array:
    return np.add.accumulate(values, axis=0)[-1] / len(values)


def _orthonormal(columns: list[Array]) -> list[Array]:
    """Return each column less its parts along those before it, of length 1 or 0."""
    found: list[Array] = []
    for column in columns:
        rest = column
        for direction in found:
            rest = rest - _dot(rest, direction) * direction
        left, whole = _dot(rest, rest), _dot(column, column)
        found.append(rest / np.sqrt(left) if left > NOTHING_LEFT * whole else 0.0 * rest)
    return found


def _dot(a: Array, b: Array) -> float:
    return float(np.add.accumulate(a * b)[-1])


def partial_correlations(products: Array, size: Array, constant: Array) -> Array:
    """Return the correlation of each unit with each property, given the others, [n, u, q].

    ``products`` [n, u, 2q] are the ``row_products`` of ``metrics.centred`` activations with the
    ``columns`` of the directions, ``size`` [n, u] those with themselves. 0 of a unit that is
    ``constant`` [n, u], not finite, or wholly explained by the other properties.
    """
    along, own = np.split(products, 2, axis=2)
    rest = size
    for j in range(along.shape[2]):
        rest = rest - along[:, :, j] * along[:, :, j]
    with np.errstate(all="ignore"):
        left = np.maximum(rest, 0.0)[:, :, None] + own * own
        value = own / np.sqrt(left)
        known = (left > NOTHING_LEFT * size[:, :, None]) & ~constant[:, :, None]
    return np.where(known, value, 0.0)


@dataclass(frozen=True)
class Roles:
    """Who carries what: ``best`` and ``own`` [n, q] are absolute partial correlations.

    ``best`` is the largest of any unit; ``own`` that of the unit assigned to the property and
    ``unit`` [n, q] its number from 1, both 0 where there is none.
    """

    best: Array
    own: Array
    unit: Array


def roles(partial: Array, group: Array) -> Roles:
    """Assign to each property a unit of its own, so that the sum of ``own`` is largest.

    ``partial`` [n, u, q]; ``group`` [n, u] names the first unit of each unit's group, and of a
    group one unit at most is assigned to one property: the one that carries it best.
    """
    size = abs(partial)
    own, unit = np.zeros(size.shape[::2]), np.zeros(size.shape[::2], np.int64)
    for n in range(len(size) if size.shape[2] else 0):
        heads = np.unique(group[n])
        members = np.where((group[n] == heads[:, None])[:, :, None], size[n], -1.0)
        value = members.max(axis=1)
        head, column = linear_sum_assignment(value, maximize=True)
        own[n, column] = value[head, column]
        unit[n, column] = members.argmax(axis=1)[head, column] + 1
    return Roles(size.max(axis=1, initial=0.0), own, np.where(own > 0, unit, 0))


def spare_units(partial: Array, neglect: float) -> Array:
    """Return how many units share their main property with a unit before them [n].

    A unit's main property is the one it carries most, if it carries ``neglect`` or more of it.
    """
    size = abs(partial)
    if not size.shape[2]:
        return np.zeros(len(size), np.int64)
    main = np.where(size.max(axis=2) >= neglect, size.argmax(axis=2), -1)
    counts = np.stack([(main == j).sum(axis=1) for j in range(size.shape[2])], axis=-1)
    return np.maximum(counts - 1, 0).sum(axis=1)
