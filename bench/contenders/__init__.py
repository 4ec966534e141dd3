"""Who trains: one declared record a contender.

A contender's module has a function for each of its records. Given a problem it returns a ``Run``:
train networks from starts [n, p], as many as the problem has, for so many steps (whole epochs), and
return their parameters [n, p]. A module is imported only where its framework is installed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from bench.problem import Problem

Run = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Contender:
    """One way of training the same networks.

    ``needs`` are the packages that it imports; ``stacked`` tells whether networks are trained
    together (else one after the other, so that one network is enough to time); ``tuned`` whether
    ``make`` times several versions of itself and keeps the fastest.
    """

    name: str
    sentence: str
    module: str
    function: str
    needs: tuple[str, ...] = ()
    stacked: bool = True
    dropout: bool = True
    tuned: bool = False

    @property
    def installed(self) -> bool:
        """Whether everything that it needs can be imported."""
        return all(find_spec(package) is not None for package in self.needs)

    def make(self, problem: Problem, quick: bool = False) -> Run:
        """Return its training of a problem; ``quick`` leaves out the tuning."""
        function: Any = getattr(import_module(f"bench.contenders.{self.module}"), self.function)
        return function(problem, quick=quick) if self.tuned else function(problem)


OURS = "symbreak"
BEST_PEER = "jax_hand"

CONTENDERS = (
    Contender(OURS, "this project's compiled engine", "own", "compiled"),
    Contender("symbreak_reference", "this project's specification in NumPy, a loop over networks",
              "own", "reference", stacked=False),
    Contender(BEST_PEER, "JAX with a backward pass by hand, networks in cache-sized blocks, the "
              "best of several blocks and layouts", "jax_hand", "make", ("jax",), tuned=True),
    Contender("jax_vmap", "JAX, jit of vmap(grad) in a scan", "jax_vmap", "make", ("jax",)),
    Contender("torch_bmm", "PyTorch, networks stacked by hand (baddbmm), autograd, fused Adam",
              "torch_nets", "stacked", ("torch",)),
    Contender("torch_vmap", "PyTorch, torch.func vmap(grad) of an nn module, fused Adam",
              "torch_nets", "mapped", ("torch",)),
    Contender("torch_loop", "PyTorch, an nn module after the other, fused Adam", "torch_nets",
              "loop", ("torch",), stacked=False),
    Contender("sklearn_loop", "scikit-learn, an MLPClassifier after the other", "sklearn_loop",
              "make", ("sklearn",), stacked=False, dropout=False),
)  # fmt: skip


def contenders_for(dropout: str) -> list[Contender]:
    """Return the installed contenders that can train with this dropout."""
    return [c for c in CONTENDERS if c.installed and (c.dropout or dropout == "none")]
