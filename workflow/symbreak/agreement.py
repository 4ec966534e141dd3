"""Theory beside measurement: does what was predicted of a setting's networks hold for them?

``redundant`` counts as ``broken``: the theory predicts that units are distinct, not what they
compute. A network that diverged is outside the theory, and is left out.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from symbreak.networks import Trained
from symbreak.rules import ORDER, Prediction, Shares
from symbreak.start import start_of
from symbreak.theory import predict

IMPOSSIBLE = 1e-6  # a verdict with less chance than this should not be seen
UNLIKELY = 1e-4  # nor a count of networks in a tail of less than this
BLAS = "NumPy's @ adds in an order of its own, and rounding may set equal units apart."
DIGITS = 9  # of a chance that is kept: powers may differ in their last bits between machines
SAME = {"redundant": "broken"}


@dataclass(frozen=True)
class Agreement:
    """The predicted verdict, its expected counts, rule and reason, and whether it holds."""

    verdict: str
    expected: tuple[tuple[str, float], ...]
    rule: str
    reason: str
    holds: bool
    known: bool

    @property
    def says_nothing(self) -> bool:
        """Whether every verdict is possible: then whatever is measured agrees."""
        return says_nothing(self.known, [name for name, _ in self.expected])


def says_nothing(known: bool, possible: Collection[str]) -> bool:
    """Tell whether a prediction leaves all verdicts open."""
    return not known and set(ORDER) <= set(possible)


def possible(counts: str) -> list[str]:
    """Return the verdicts of expected counts as tables spell them: ``frozen 0.3; broken 5.7``."""
    return [part.rsplit(" ", 1)[0] for part in counts.split("; ")]


def agreement(predictions: Sequence[Prediction], measured: Sequence[str]) -> Agreement:
    """Return how a setting's predictions fit the measured verdicts, a network each."""
    expected = expected_counts([p.shares for p in predictions])
    certain = {p.verdict for p in predictions}
    names = Counter(p.rule for p in predictions)
    pairs = [(p.shares, SAME.get(m, m)) for p, m in zip(predictions, measured, strict=True)
             if m != "diverged"]  # fmt: skip
    holds = all(shares.get(m, 0.0) >= IMPOSSIBLE for shares, m in pairs)
    if holds and all(p.known for p in predictions):
        seen = [m for _, m in pairs]
        holds = not any(unlikely([shares.get(name, 0.0) for shares, _ in pairs], seen.count(name))
                        for name in ORDER)  # fmt: skip
    verdict = certain.pop() if len(certain) == 1 else "mixed"
    known = all(p.known for p in predictions)
    return Agreement(verdict, expected, "; ".join(names), reasons(predictions), holds, known)


def columns(
    trained: Sequence[Trained], x: np.ndarray, y: np.ndarray, seed: int
) -> dict[str, list[Any]]:
    """Return what is predicted of each network, a column a name of ``COLUMNS``.

    ``x`` [b, d] and y [b] are the training rows, ``seed`` the experiment's. Empty for NumPy's
    ``@``: rounding decides there, which the theory does not follow.
    """
    found = [p for t in trained for p in predictions(t, x, y, seed)]
    return {
        **{f"predicted_{name}": [round(p.shares.get(name, 0.0), DIGITS) if p else np.nan
                                 for p in found] for name in ORDER},
        "known": [bool(p and p.known) for p in found],
        "rule": [p.rule if p else "" for p in found],
        "reason": [p.reason if p else BLAS for p in found],
    }  # fmt: skip


def predictions(
    trained: Trained, x: np.ndarray, y: np.ndarray, seed: int
) -> list[Prediction | None]:
    """Return the prediction of each replicate of a setting; networks that start equal share one."""
    setting, count = trained.setting, len(trained.weights)
    if setting.arithmetic == "blas":
        return [None] * count
    known: dict[bytes, Prediction] = {}
    found: list[Prediction | None] = []
    for replicate in trained.replicates.tolist():
        start = start_of(setting, x, y, seed, replicate, int(trained.steps[-1]))
        key = start.parameters.tobytes()
        known[key] = known.get(key) or predict(start)
        found.append(known[key])
    return found


def of_rows(rows: pd.DataFrame) -> Agreement | None:
    """Return the agreement of one setting's rows of networks; None where nothing is predicted."""
    if "rule" not in rows or (rows["rule"] == "").any():
        return None
    shares = rows[[f"predicted_{name}" for name in ORDER]].to_numpy()
    found = [
        Prediction({n: s for n, s in zip(ORDER, values, strict=True) if s > 0}, rule, reason, known)
        for values, rule, reason, known in zip(
            shares.tolist(), rows["rule"], rows["reason"], rows["known"], strict=True
        )
    ]
    return agreement(found, rows["verdict"].tolist())


def reasons(predictions: Sequence[Prediction]) -> str:
    """Return the reason, or one for each rule with the number of networks that it decides."""
    counts = Counter(p.rule for p in predictions)
    first = {p.rule: p.reason for p in reversed(predictions)}
    if len(counts) == 1:
        return predictions[0].reason
    return " ".join(f"{n} of {len(predictions)}: {first[rule]}" for rule, n in counts.items())


def expected_counts(shares: Sequence[Shares]) -> tuple[tuple[str, float], ...]:
    """Return the expected number of networks of each verdict that is possible."""
    total = {name: sum(one.get(name, 0.0) for one in shares) for name in ORDER}
    return tuple((name, count) for name, count in total.items() if count > 0)


def unlikely(chances: Sequence[float], count: int) -> bool:
    """Tell whether a count of independent events lies in a tail of chance below ``UNLIKELY``."""
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, [1 - chance, chance])
    return bool(min(distribution[: count + 1].sum(), distribution[count:].sum()) < UNLIKELY / 2)
