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


def by_weights(a: Array, b: Array) -> Array:
    """Return for each unit of a [u, k] the unit of b [u, k] that it is matched to [u].

    By the L2 distance of neuron vectors: for two checkpoints of one network.
    """
    return linear_sum_assignment(l2(a[:, None], b[None]))[1]


def by_function(a: Array, b: Array) -> tuple[Array, Array]:
    """Return for each unit of a the unit of b that does most nearly the same [u], and the sign.

    By the |correlation| of activations [b, u] over the same rows: for two replicates, whose weights
    may differ in scale and sign. The sign is -1 where the activations go in opposite directions.
    """
    units = a.shape[1]
    z, constant = centred(np.concatenate([a, b], axis=1)[None])
    between = correlations(row_products(z, z), constant)[0, :units, units:]
    matched = linear_sum_assignment(abs(between), maximize=True)[1]
    return matched, np.where(between[np.arange(units), matched] < 0, -1, 1)


def through_training(vectors: Array) -> Array:
    """Return which unit bears each name at each checkpoint [c, u], from neuron vectors [c, u, k].

    At the first checkpoint unit i has name i; then each checkpoint is matched to the one before.
    """
    names = [np.arange(vectors.shape[1])]
    for before, after in pairwise(vectors):
        names.append(by_weights(before, after)[names[-1]])
    return np.stack(names)
