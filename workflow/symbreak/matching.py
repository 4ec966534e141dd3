"""Units matched between checkpoints and between replicates, so that a unit keeps its name.

Hidden units have no order: another replicate may hold the same units in other places, and noise may
let two units change roles. Each unit is matched to one unit, by the assignment of least total
distance (Kuhn, Naval Research Logistics 2, 1955). Letters: c checkpoints, b rows, u units.
"""

from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from symbreak.metrics import centred, correlations, l2, row_products

Array = np.ndarray

TIE = 1e-9  # of the largest distance: what staying in place counts less


def by_weights(a: Array, b: Array) -> Array:
    """Return for each unit of a [u, k] the unit of b [u, k] that it is matched to [u].

    By the L2 distance of neuron vectors: for two checkpoints of one network. Where two assignments
    are as short, as with equal units, units keep their places.
    """
    exponent = -int(np.frexp(max(abs(a).max(), abs(b).max()))[1])
    a, b = np.ldexp(a, exponent), np.ldexp(b, exponent)  # exactly: huge weights do not overflow
    distance = l2(a[:, None], b[None])
    return linear_sum_assignment(distance - TIE * distance.max() * np.eye(len(a)))[1]


def by_function(a: Array, b: Array) -> tuple[Array, Array]:
    """Return for each unit of a the unit of b that does most nearly the same, and how nearly, [u].

    By the |correlation| of activations [b, u] over the same rows: for two replicates, whose weights
    may differ in scale and sign. The correlation is below 0 where activations go opposite ways.
    """
    units = a.shape[1]
    z, constant = centred(np.concatenate([a, b], axis=1)[None])
    between = correlations(row_products(z, z), constant)[0, :units, units:]
    matched = linear_sum_assignment(abs(between), maximize=True)[1]
    return matched, between[np.arange(units), matched]


def through_training(vectors: Array) -> Array:
    """Return which unit bears each name at each checkpoint [c, u], from neuron vectors [c, u, k].

    At the first checkpoint unit i has name i; then each checkpoint is matched to the one before.
    """
    names = [np.arange(vectors.shape[1])]
    for before, after in pairwise(vectors):
        place = names[-1]
        names.append(place[by_weights(before[place], after[place])])
    return np.stack(names)
