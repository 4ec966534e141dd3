"""The ways of a network's units through weight space, each unit under one name."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from symbreak import figures, matching, metrics
from symbreak.networks import Trained, neuron_vectors
from symbreak.summary import plural, span
from symbreak.svg import Figure

Array = np.ndarray


@dataclass(frozen=True)
class Named:
    """Neuron vectors [c, u, k] over the first c checkpoints, the finite ones, u by name.

    ``names`` [c, u] says which unit of the network bears each name.
    """

    vectors: Array
    names: Array

    def name_of(self, unit: int) -> int:
        """Return the name, from 1, that a unit of the trained network (from 0) bears."""
        return 1 + int(np.flatnonzero(self.names[-1] == unit)[0])


def named(trained: Trained, layer: int, replicate: int) -> Named | None:
    """Return the units of one layer by name; None where no weight is finite."""
    weights = trained.weights[replicate]
    vectors = neuron_vectors(weights[np.isfinite(weights).all(axis=-1)], trained.widths, layer)
    if not len(vectors):
        return None
    names = matching.through_training(vectors)
    return Named(np.take_along_axis(vectors, names[..., None], axis=1), names)


def moves(units: Named | None) -> bool:
    """Tell whether there is a path to draw: some unit that moves."""
    return units is not None and bool((units.vectors != units.vectors[0]).any())


def paths(trained: Trained, layer: int, replicate: int, x: Array, verdict: str,
          place: str) -> Figure | None:  # fmt: skip
    """Return the paths of the units of one layer; None where no weight is finite or none moves.

    ``x`` [b, d] are the training rows, over which another replicate's units are compared.
    """
    units = named(trained, layer, replicate)
    if units is None or not moves(units):
        return None
    flat, share = plane(units.vectors.astype(np.float64))
    text = sentence(trained, layer, replicate, x, units, share)
    return figures.paths(flat, trained.steps[: len(flat)].tolist(), verdict, text, place)


def sentence(trained: Trained, layer: int, replicate: int, x: Array, units: Named,
             share: float) -> str:  # fmt: skip
    """Return what the picture of these units' paths shows, in words."""
    return (
        f"The ways of the {units.vectors.shape[1]} neurons of that network through weight space, "
        f"from the dots on, in the plane that shows {100 * share:.0f} % of their variance. "
        f"{swaps_sentence(units.names)}{_seeds_sentence(trained, layer, replicate, x)}"
    )


def plane(named: Array) -> tuple[Array, float]:
    """Return vectors [c, u, k] in their first two principal axes [c, u, 2], and the share of the
    variance that these show. The sign of an axis is that of its largest entry.
    """
    exponent = int(np.frexp(abs(named).max())[1])  # exactly: huge weights do not overflow
    points = np.ldexp(named.reshape(-1, named.shape[-1]), -exponent)
    centred = points - points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[np.arange(2), abs(axes[:2]).argmax(axis=1)])[:, None]
    variance = sizes * sizes
    total = float(variance.sum())
    shape = (*named.shape[:2], 2)
    flat = np.ldexp(centred @ axes.T, exponent).reshape(shape)
    return flat, float(variance[:2].sum()) / total if total else 1.0


def swaps_sentence(names: Array) -> str:
    """Return how often a name went from one unit to another, names [c, u] over checkpoints."""
    moved = [(int(np.count_nonzero(a != b))) for a, b in pairwise(names)]
    if not any(moved):
        return "From one checkpoint to the next every neuron is matched to itself."
    times = plural(sum(count > 0 for count in moved), "time")
    return (f"Matched from one checkpoint to the next, neurons change places {times}"
            "; the lines follow the names.")  # fmt: skip


def _seeds_sentence(trained: Trained, layer: int, replicate: int, x: Array) -> str:
    """Return how much the units of the next replicate do the same, each matched to one."""
    pair = trained.weights[replicate : replicate + 2, -1]
    if len(pair) < 2 or not np.isfinite(pair).all():
        return ""
    chunks = metrics.activations(trained.setting, pair, trained.widths, x)
    a = np.concatenate([layers[layer - 1] for layers in chunks])
    found = abs(matching.by_function(a[0], a[1])[1])
    return (f" Matched to the neurons of replicate {replicate + 1} by what they compute, they "
            f"correlate by {span(found.min(), found.max())}.")  # fmt: skip
