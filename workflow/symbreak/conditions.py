"""The condition under which a claim holds: the smallest rule that the tested settings give.

A rule says that a factor, or a declared fact, has one of some values; or two such things at once,
or one of the two. Inside a rule every tested setting agrees with the claim. Searched are rules
that name few values; the best one leaves fewest agreeing settings outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, takewhile

import numpy as np
import pandas as pd

from symbreak.facts import FACTS
from symbreak.settings import COLUMNS

Array = np.ndarray
Codes = dict[str, tuple[Array, Array]]  # of each column its values, and the place of each row's

MOST_VALUES = 3  # of a factor that a rule names; more are a list, not a condition
LEAST_SHARE = 0.5  # of the agreeing settings that a rule must cover, or it explains too little
NAMES = (*FACTS, *COLUMNS)  # of two rules that say the same the one of facts is chosen
NOUNS = {"init": "initializer"}


@dataclass(frozen=True)
class Part:
    """A factor or fact has one of ``values``; ``others`` are those it has elsewhere."""

    name: str
    values: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether it is shorter to name what is inside than what is outside."""
        return len(self.values) <= len(self.others)


@dataclass(frozen=True)
class Rule:
    """One part, or two joined by ``and`` or ``or``; ``settings`` is how many it covers."""

    parts: tuple[Part, ...]
    settings: int
    joined: str = "and"

    @property
    def named(self) -> tuple[tuple[str, ...], ...]:
        """The values that its words name of each part; an ``or`` names what is inside."""
        either = self.joined == "or"
        return tuple(p.values if either or p.positive else p.others for p in self.parts)

    @property
    def size(self) -> tuple[int, int]:
        """The number of parts, and of values that are named."""
        return len(self.parts), sum(map(len, self.named))

    @property
    def simple(self) -> bool:
        """Whether every part says something, with few values."""
        says = all(part.values and part.others for part in self.parts)
        return says and all(len(values) <= MOST_VALUES for values in self.named)

    def inside(self, rows: pd.DataFrame) -> Array:
        """Tell which rows it covers [n]."""
        masks = [rows[part.name].isin(part.values).to_numpy() for part in self.parts]
        return (np.logical_and if self.joined == "and" else np.logical_or).reduce(masks)

    @property
    def words(self) -> str:
        """The condition in words, as in ``when the units start equal, unless ...``."""
        texts = [phrase(p.name, named) for p, named in zip(self.parts, self.named, strict=True)]
        if self.joined == "or":
            return ", or ".join(f"when {text}" for text in texts)
        when, unless = ([t for p, t in zip(self.parts, texts, strict=True) if p.positive is sign]
                        for sign in (True, False))  # fmt: skip
        return ", ".join([f"when {', and '.join(when)}"] * bool(when)
                         + [f"unless {' or '.join(unless)}"] * bool(unless))  # fmt: skip


def condition(rows: pd.DataFrame, agrees: Array) -> Rule | None:
    """Return the rule inside which all rows agree and outside which fewest do; None without one.

    ``rows`` has the columns ``NAMES`` as text, ``agrees`` [n] is of its rows. One factor is tried
    before two, and two only where they leave nothing outside, or one leaves too much.
    """
    codes = {name: np.unique(rows[name].to_numpy(str), return_inverse=True) for name in NAMES}
    names = [name for name in NAMES if len(codes[name][0]) > 1]
    one = [_of_one(name, codes, agrees) for name in names]
    two = [rule for pair in combinations(names, 2) for rule in _of_two(*pair, codes, agrees)]
    for rules, share in ((one, 1.0), (two, 1.0), (one, LEAST_SHARE), (two, LEAST_SHARE)):
        kept = [r for r in rules if r.simple and r.settings >= share * max(agrees.sum(), 1)]
        if kept:
            return min(kept, key=lambda rule: (-rule.settings, *rule.size))
    return None


def _of_one(name: str, codes: Codes, agrees: Array) -> Rule:
    """Return the rule of all values of a factor with which every setting agrees."""
    values, code = codes[name]
    good = np.bincount(code, ~agrees) == 0
    return Rule((_part(name, values, good),), int(good[code].sum()))


def _of_two(first: str, second: str, codes: Codes, agrees: Array) -> Iterator[Rule]:
    """Yield the rules of two factors: largest rectangles in their table, and either of two."""
    (a, i), (b, j) = codes[first], codes[second]
    count, wrong = np.zeros((2, len(a), len(b)), np.int64)
    np.add.at(count, (i, j), 1)
    np.add.at(wrong, (i, j), ~agrees)
    good = wrong == 0
    for rows, columns in _rectangles(good):
        parts = _part(first, a, rows), _part(second, b, columns)
        yield Rule(parts, int(count[np.ix_(rows, columns)].sum()))
    rows, columns = good.all(axis=1), good.all(axis=0)
    parts = _part(first, a, rows), _part(second, b, columns)
    yield Rule(parts, int(count[rows[:, None] | columns].sum()), "or")


def _rectangles(good: Array) -> Iterator[tuple[Array, Array]]:
    """Yield (rows, columns) all good between them, grown from each row and from each column."""
    for columns in good:
        rows = np.all(good[:, columns], axis=1)
        yield rows, np.all(good[rows], axis=0)
    for rows in good.T:
        columns = np.all(good[rows], axis=0)
        yield np.all(good[:, columns], axis=1), columns


def _part(name: str, values: Array, inside: Array) -> Part:
    return Part(name, tuple(values[inside].tolist()), tuple(values[~inside].tolist()))


def phrase(name: str, values: tuple[str, ...]) -> str:
    """Return in words that a factor or a fact has one of some values."""
    if name not in FACTS:
        noun = NOUNS.get(name, name.replace("_", " "))
        return f"the {noun} is {' or '.join(values)}"
    texts = [FACTS[name].values[v].split() for v in FACTS[name].values if v in values]
    if len(texts) == 1:
        return " ".join(texts[0])
    shared = [
        words[0] for words in takewhile(lambda w: len(set(w)) == 1, zip(*texts, strict=False))
    ]
    return " ".join([*shared, " or ".join(" ".join(words[len(shared) :]) for words in texts)])
