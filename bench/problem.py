"""What a contender gets: rows, starts and the cell; the same for all of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from symbreak import trainer
from symbreak.data import dataset, make
from symbreak.networks import Layer, network_widths, split_layers
from symbreak.settings import Demand

from bench.cells import INPUTS, ROWS, Cell

ROOT = Path(__file__).parents[1]
SEED = 20240501


@dataclass(frozen=True)
class Problem:
    """x [rows, inputs], y [rows] in the cell's dtype; ``starts`` [n, p] as in networks.py."""

    cell: Cell
    x: np.ndarray
    y: np.ndarray
    starts: np.ndarray

    @property
    def batch(self) -> int:
        """Rows a step."""
        return min(self.cell.batch or len(self.x), len(self.x))

    @property
    def epoch(self) -> int:
        """Steps that pass all rows once; what is left over is a smaller last batch."""
        return -(-len(self.x) // self.batch)

    @property
    def shuffled(self) -> bool:
        """Whether each network sees the rows in an order of its own, a new one each epoch."""
        return self.cell.batch is not None

    @property
    def widths(self) -> tuple[int, ...]:
        """Return (inputs, hidden widths ..., 1)."""
        return network_widths(self.x.shape[1], self.cell.hidden)

    def layers(self, starts: np.ndarray) -> list[Layer]:
        """Return starts [n, p] as layers: weights [n, units, inputs], biases [n, units]."""
        return split_layers(starts, self.widths)

    def first(self, networks: int) -> "Problem":
        """Return the problem with the first networks only."""
        return replace(self, starts=self.starts[:networks])


def new_problem(cell: Cell) -> Problem:
    """Return the demand data and the random starts of a cell's networks."""
    x, y = rows_of(cell.dtype)
    return Problem(cell, x, y, starts_of(cell.hidden, cell.dtype, cell.networks))


@cache
def rows_of(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the training rows of the demand data: x [1000, 4], y [1000]."""
    demand = Demand(rows=ROWS * 5 // 4)  # a fifth are test rows
    data = dataset(demand, make(demand, SEED))
    return np.ascontiguousarray(data.x_train, dtype), data.y_train.astype(dtype)


@cache
def starts_of(hidden: tuple[int, ...], dtype: str, networks: int) -> np.ndarray:
    """Return random starts [networks, p]."""
    setting = Cell(hidden, dtype=dtype).setting
    one = (trainer.initial_parameters(setting, INPUTS, SEED, r) for r in range(networks))
    return np.stack(list(one))


class Orders:
    """The peers' shuffles, by the fastest generator of those tried: NumPy's own permutations.

    ``torch.rand().argsort``, ``jax.random.permutation`` and a sort of random words in XLA all take
    several times longer.
    """

    def __init__(self, networks: int, rows: int) -> None:
        self._random = np.random.Generator(np.random.SFC64(0))
        self._rows = np.broadcast_to(np.arange(rows, dtype=np.int32), (networks, rows))

    def __next__(self) -> np.ndarray:
        """Return an order of the rows for each network, [n, rows]."""
        return self._random.permuted(self._rows, axis=1)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self
