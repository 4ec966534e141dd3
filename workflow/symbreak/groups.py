"""Groups of units that are equal, or near one another, and how they split and merge over time.

Letters: u units, p pairs of units in the order of ``itertools.combinations``, c checkpoints; other
axes come first.
"""

from itertools import combinations

import numpy as np

from symbreak.functional import first_of_group

Array = np.ndarray


def grouped(same: Array, units: int) -> Array:
    """Return which units share a group [..., u, u], given which pairs are the same [..., p].

    Two units share a group where a chain of same pairs leads from one to the other.
    """
    a, b = np.array(list(combinations(range(units), 2))).T
    together = np.zeros((*same.shape[:-1], units, units), bool)
    together[..., a, b] = together[..., b, a] = same
    names = first_of_group(together)
    return names[..., :, None] == names[..., None, :]


def count(together: Array) -> Array:
    """Return the number of groups [...] of units that share them [..., u, u]."""
    units = together.shape[-1]
    below = np.tri(units, k=-1, dtype=bool)
    return units - np.count_nonzero((together & below).any(axis=-1), axis=-1)


def changes(together: Array) -> tuple[Array, Array]:
    """Return how often groups split and merged [...], of groups [..., c, u, u] over checkpoints.

    A group that comes apart into k splits k - 1 times, k groups that join merge k - 1 times: so
    groups at the end = groups at the start + splits - merges.
    """
    found = count(together)
    kept = count(together[..., :-1, :, :] & together[..., 1:, :, :])
    splits, merges = kept - found[..., :-1], kept - found[..., 1:]
    return splits.sum(axis=-1), merges.sum(axis=-1)
