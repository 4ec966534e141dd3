"""Where two neurons, or two runs, first differ: every operation of the reference, compared in bits.

The reference engine shows the result of each operation of a step (``trainer.Watch``); here they
are recorded, step by step, and compared in the order in which they were computed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from symbreak import trainer
from symbreak.data import Dataset
from symbreak.networks import network_widths, neuron_vectors, split_layers
from symbreak.settings import Setting

Array = np.ndarray
PARAMETERS = ("weights", "weight noise", "sums", "gradient")  # results of the shape of all weights


class Event(NamedTuple):
    """The result of one operation: of a layer [b, units], of the output [b], or of all [p]."""

    operation: str
    layer: int
    values: Array


@dataclass(frozen=True)
class Network:
    """One network: a setting and a replicate, with the seed of its draws."""

    setting: Setting
    replicate: int
    seed: int

    def widths(self, dataset: Dataset) -> tuple[int, ...]:
        """Return (inputs, hidden widths ..., 1)."""
        return network_widths(dataset.x_train.shape[1], self.setting.hidden)

    def run(self, dataset: Dataset, steps: int) -> Iterator[list[Event]]:
        """Yield the operations of step 0 (the initial weights), 1, 2, ... in their order."""
        setting, widths = self.setting, self.widths(dataset)
        x = np.ascontiguousarray(dataset.x_train, setting.dtype)
        y = np.ascontiguousarray(dataset.y_train, setting.dtype)
        start = trainer.initial_parameters(setting, x.shape[1], self.seed, self.replicate)
        draws = trainer.Draws(self.seed, self.replicate)
        used = np.ones(start.shape, bool)
        for _, bias in split_layers(used, widths):
            bias[:] = setting.has_biases
        events = [Event("weights", 0, start)]

        def watch(name: str, layer: int, values: Array) -> Array:
            # The gradient of a bias that the network does not have is computed, and never used.
            kept = np.where(used, values, 0) if name in PARAMETERS else values
            events.append(Event(name, layer, kept))
            return values

        stops = np.arange(steps + 1)
        with np.errstate(all="ignore"):
            for _ in trainer.train_one(setting, start, x, y, draws, stops, watch):
                yield events.copy()
                events.clear()


@dataclass(frozen=True)
class Difference:
    """The first difference: in step 0 (the start) or later, between the results of two operations.

    ``place`` is an index into both results; it is None where they are results of different
    operations, or of different shapes. ``count`` numbers differ. ``unit`` is the second unit.
    """

    step: int
    one: Event
    other: Event
    place: tuple[int, ...] | None = None
    count: int = 0
    unit: int = 0

    @property
    def numbers(self) -> tuple[Any, Any]:
        """Return the two numbers at the place, in the wider of their precisions."""
        same = np.result_type(self.one.values, self.other.values)
        one, other = (event.values[self.place].astype(same) for event in (self.one, self.other))
        return one, other


Pair = tuple[int, Event, Event, int]


def between_units(
    run: Iterable[list[Event]], widths: tuple[int, ...], layer: int, units: Sequence[int]
) -> Difference | None:
    """Return where units (from 0) of a hidden layer (from 1) first differ, or None if never.

    The first of them is compared with each other one; ``unit`` is the one that differs. Results
    are the units' columns [b], or their neuron vectors (``networks.neuron_vectors``).
    """
    first, *others = units

    def pairs() -> Iterator[Pair]:
        for step, events in enumerate(run):
            for event in events:
                if event.operation in PARAMETERS:
                    parts = neuron_vectors(event.values, widths, layer)
                elif event.layer == layer and event.values.ndim == 2:
                    parts = event.values.T
                else:
                    continue
                one = event._replace(values=parts[first])
                yield from ((step, one, event._replace(values=parts[b]), b) for b in others)

    return first_difference(pairs())


def between_runs(a: Iterable[list[Event]], b: Iterable[list[Event]]) -> Difference | None:
    """Return where two runs of as many steps first differ in any number, or None."""

    def pairs() -> Iterator[Pair]:
        for step, (events, others) in enumerate(zip(a, b, strict=True)):
            # Every step ends with the weights, so a pair differs before one list is at its end.
            yield from ((step, *pair, 0) for pair in zip(events, others, strict=False))

    return first_difference(pairs())


def first_difference(pairs: Iterable[Pair]) -> Difference | None:
    """Return the first difference of pairs of results (step, one, other, unit), or None."""
    for step, one, other, unit in pairs:
        if one[:2] != other[:2] or one.values.shape != other.values.shape:
            return Difference(step, one, other, unit=unit)
        same = np.result_type(one.values, other.values)
        differ = np.argwhere(bits(one.values.astype(same)) != bits(other.values.astype(same)))
        if len(differ):
            return Difference(step, one, other, tuple(map(int, differ[0])), len(differ), unit)
    return None


def bits(values: Any) -> Any:
    """Return the bit patterns of floats as unsigned integers of their width."""
    return values.view(f"u{values.dtype.itemsize}")


def units_in_the_last_place(a: Any, b: Any) -> int | None:
    """Return how many floats of their precision lie from a to b; None beside a NaN.

    Zero and minus zero are one number: 0.
    """
    if np.isnan(a) or np.isnan(b):
        return None
    size = 8 * a.dtype.itemsize - 1
    whole = [int(bits(value)) for value in (a, b)]
    one, other = (n if n >> size == 0 else -(n - (1 << size)) for n in whole)
    return abs(one - other)
