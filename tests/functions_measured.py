"""The portable functions against mpmath: run this file to write the table of docs/arithmetic.md.

Points come from the library's own streams and the functions have the same bits everywhere, so the
figures do, too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mpmath
import numpy as np
from symbreak import arithmetic, normal, streams

PAGE = Path(__file__).parents[1] / "docs/arithmetic.md"
FIGURES = mpmath.workprec(140)
HALF = np.arange(0, 1023) + 0.5
BITS = {np.float64: np.int64, np.float32: np.int32}


@dataclass(frozen=True)
class Function:
    """A function, where it is measured, and what it has to keep.

    ``worst`` are the worst of some 10^7 points tried in extended precision; ``branches`` are
    arguments at which the code takes another way; ``dip`` is by how many ulp a value may lie on the
    wrong side of its neighbour's.
    """

    name: str
    dtype: type
    compute: Callable[[np.ndarray], np.ndarray]
    exact: Callable[[mpmath.mpf], mpmath.mpf]
    regions: tuple[tuple[float, float], ...]
    worst: tuple[float, ...]
    branches: np.ndarray
    limit: float = 2.0
    dip: float = 0.0

    def __str__(self) -> str:
        return f"{self.name} {np.dtype(self.dtype).name}"


def both(x: np.ndarray) -> np.ndarray:
    return np.concatenate([-x, x])


def exact_sigmoid(x: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mpmath.exp(-x))


LOG2, HUGE, TINY = np.log(2), 1.7e308, 1e-310
FUNCTIONS = (
    Function("exp", np.float64, arithmetic.exp, mpmath.exp, ((-708, 709), (-2, 2), (-1e-4, -1e-20)),
             (3.860659098985476, 3.866914156606889), both(HALF[:1021] * LOG2)),
    Function("exp", np.float32, arithmetic.exp, mpmath.exp, ((-87, 88), (-2, 2), (-1e-3, -1e-9)),
             (-81.39388275146484, 70.39212799072266), both(HALF[:125] * LOG2)),
    Function("sigmoid", np.float64, arithmetic.sigmoid, exact_sigmoid, ((-708, 40), (-2, 2)),
             (-0.0019432117142848277, -0.002872708130067062), both(HALF[:1021] * LOG2)),
    Function("sigmoid", np.float32, arithmetic.sigmoid, exact_sigmoid, ((-87, 20), (-2, 2)),
             (-0.0016553401947021484, -0.0014234776608645916), both(HALF[:125] * LOG2)),
    Function("tanh", np.float64, arithmetic.tanh, mpmath.tanh, ((-20, 20), (TINY, 1), (0.17, 0.2)),
             (0.17756665026343085, 0.1830177325365591), both(HALF[:58] * LOG2 / 2), 4.0, 2.0),
    Function("tanh", np.float32, arithmetic.tanh, mpmath.tanh, ((-10, 10), (1e-40, 1), (0.17, 0.2)),
             (0.18018828332424164, 0.18292118608951569), both(HALF[:29] * LOG2 / 2), 4.0, 2.0),
    Function("log", np.float64, arithmetic.log, mpmath.log, ((TINY, HUGE), (0.5, 2)),
             (0.703910711153965, 0.7066262053119337),
             np.concatenate([2.0 ** np.arange(-1022, 1023) * 2**0.5,
                             2.0 ** np.arange(-1022, 1023)])),
    Function("log1p_exp", np.float64, arithmetic.log1p_exp, lambda x: mpmath.log1p(mpmath.exp(x)),
             ((-708, -1e-9), (-2, -1e-3)), (-0.4409189699961454, -1.268874139392147),
             np.append(-HALF[:1021] * LOG2, np.log(2**0.5 - 1))),
    Function("erf", np.float64, normal.erf, mpmath.erf, ((-6, 6), (TINY, 1), (0.8, 1.2)),
             (0.8797084658240317, 0.8562631855970486), both(np.array([0.875, 6])), 2.0, 1.0),
    Function("normal_quantile", np.float64, normal.normal_quantile, lambda u: u,
             ((TINY, 0.075), (0.06, 0.94), (0.9, 0.9999999)),
             (1.6307091646292503e-219, 1.724990605910626e-10, 0.18969515610104867),
             np.array([0.075, 0.25, 0.5, 0.75, 0.925, np.exp(-25.0)]), 2.0, 2.0),
)  # fmt: skip


def uniforms(count: int, seed: int = 0) -> np.ndarray:
    return streams.uniforms(seed, 0, streams.DATA, count)


def points(function: Function, count: int) -> np.ndarray:
    """Return points of every region, evenly spread over its values and over its bit patterns."""
    parts = [np.array(function.worst, function.dtype)]
    for place, (low, high) in enumerate(function.regions):
        u = uniforms(count, place)
        parts.append((low + (high - low) * u).astype(function.dtype))
        if low * high > 0:
            bits = np.sort(np.abs(np.array([low, high], function.dtype)).view(
                BITS[function.dtype])).astype(np.int64)  # fmt: skip
            spread = (bits[0] + ((bits[1] - bits[0]) * u).astype(np.int64)).astype(
                BITS[function.dtype])  # fmt: skip
            parts.append(np.copysign(spread.view(function.dtype), function.dtype(low)))
    return np.concatenate(parts)


def neighbours(function: Function, starts: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` floats in a row around each start, upwards [starts, count]."""
    kind = BITS[function.dtype]
    bits = np.abs(starts.astype(function.dtype)).view(kind)[:, None] + np.arange(count, dtype=kind)
    return np.copysign((bits - kind(count // 2)).view(function.dtype),
                       starts[:, None].astype(function.dtype))  # fmt: skip


def dips(function: Function, x: np.ndarray) -> tuple[float, float]:
    """Return the largest step in the wrong direction between neighbours, in ulp, and the share of
    neighbours with one.
    """
    y = function.compute(x.ravel()).reshape(x.shape)
    wrong = np.diff(y, axis=1) * np.sign(np.diff(x, axis=1)) < 0
    size = np.abs(np.diff(y, axis=1)) / np.spacing(np.abs(y[:, 1:]))
    return float((size * wrong).max()), float(wrong.mean())


def error(function: Function, x: np.ndarray) -> float:
    """Return the largest error over points, in units of the exact result's last place."""
    digits, lowest = (53, -1074) if function.dtype is np.float64 else (24, -149)
    largest = mpmath.mpf(0)
    with FIGURES:
        for at, value in zip(x.tolist(), function.compute(x).tolist(), strict=True):
            off, scale = difference(function, mpmath.mpf(at), mpmath.mpf(value))
            ulp = mpmath.ldexp(1, max(mpmath.frexp(scale)[1] - digits, lowest))
            largest = max(largest, abs(off) / ulp)
    return float(largest)


def difference(function: Function, x: mpmath.mpf, y: mpmath.mpf) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Return how far y is off, and the exact result."""
    if function.name != "normal_quantile":
        exact = function.exact(x)
        return y - exact, exact
    # Mathematics has no formula for the quantile: off is what the distribution function says.
    off = (mpmath.erfc(-y / mpmath.sqrt(2)) / 2 - x) / mpmath.npdf(y)
    return off, y - off


def measured(function: Function) -> tuple[float, float, float]:
    """Return largest error in ulp, largest dip in ulp, and the share of neighbours that dip."""
    places = points(function, 300)
    around = np.concatenate([neighbours(function, places[abs(places) > 1e-30], 200),
                             neighbours(function, function.branches, 200)])  # fmt: skip
    slow = function.name in ("normal_quantile", "erf")
    return error(function, points(function, 2000 if slow else 5000)), *dips(function, around)


def table() -> str:
    """Return the table of docs/arithmetic.md."""
    rows = ["| function | precision | largest error, ulp | monotone |", "|---|---|---|---|"]
    for function in FUNCTIONS:
        off, dip, share = measured(function)
        once = f"{float(f'{1 / share:.0e}'):,.0f}" if dip else ""
        monotone = f"no: {dip:.0f} ulp back, once in {once}" if dip else "yes"
        row = (f"`{function.name}`", np.dtype(function.dtype).name, f"{off:.3f}", monotone)
        rows.append(f"| {' | '.join(row)} |")
    return "\n".join(rows) + "\n"


def table_in(page: str) -> str:
    """Return the measured table that a page holds."""
    (found,) = re.findall(r"<!-- measured -->\n(.*?)<!-- end -->", page, re.S)
    return found


if __name__ == "__main__":
    text = PAGE.read_text()
    PAGE.write_text(text.replace(table_in(text), table()))
