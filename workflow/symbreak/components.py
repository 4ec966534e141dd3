"""Components: one declared record each, from which schema, labels, theory, docs and report read.

A registry holds the components of one kind (init, dropout, bias, activation, optimizer). A choice
is a component with its parameter values, as in ``{constant: {value: 0.5}}``; its label, as in
``constant-0.5``, is what paths and tables carry.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?"


@dataclass(frozen=True)
class Parameter:
    """A number that a component takes, with its default and its allowed interval."""

    name: str
    default: float
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    def allows(self, value: float) -> bool:
        """Tell whether the value lies in the interval; NaN and infinities never do."""
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return math.isfinite(value) and above and below

    @property
    def interval(self) -> str:
        """The allowed values in words, as in ``at least 0 and below 1``."""
        low = f"{'above' if self.low_open else 'at least'} {spell(self.low)}"
        high = f"{'below' if self.high_open else 'at most'} {spell(self.high)}"
        parts = [low] * math.isfinite(self.low) + [high] * math.isfinite(self.high)
        return " and ".join(parts) or "any number"


@dataclass(frozen=True, eq=False)
class Component:
    """One declared component; ``facts`` holds what the theory and the engines read of it.

    ``reference`` names keys of ``references.bib``, or says its source in plain words.
    """

    kind: str
    name: str
    sentence: str
    reference: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Choice:
    """A component's name with the values of its parameters in declared order."""

    name: str
    values: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """The name and the values, as in ``constant-0.5``: used in paths, tables and figures."""
        return "-".join([self.name, *map(spell, self.values)])


class Registry(Mapping[str, Component]):
    """The components of one kind by name, in the order of their declaration."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._components: dict[str, Component] = {}

    def __getitem__(self, name: str) -> Component:
        return self._components[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)

    def __len__(self) -> int:
        return len(self._components)

    def declare(
        self, *parameters: Parameter, reference: str, **facts: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated function under its own name; its docstring is the sentence.

        A trailing underscore of the name is dropped (``none_`` declares ``none``).
        """

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            name = function.__name__.removesuffix("_")
            sentence = " ".join((function.__doc__ or "").split("\n\n")[0].split())
            self._components[name] = Component(
                self.kind, name, sentence, reference, function, parameters, facts
            )
            return function

        return register

    def choose(self, name: str, **values: float) -> Choice:
        """Return the choice of a component, with defaults for parameters that are not given."""
        parameters = self[name].parameters
        return Choice(name, tuple(float(values.get(p.name, p.default)) for p in parameters))

    def parse(self, label: str) -> Choice:
        """Return the choice behind a label (the inverse of ``Choice.label``).

        Raises ValueError for a label that no component of this kind has.
        """
        for name in sorted(self, key=len, reverse=True):
            count = len(self[name].parameters)
            match = re.fullmatch(name + rf"-({NUMBER})" * count, label)
            if match:
                return Choice(name, tuple(float(value) for value in match.groups()))
        raise ValueError(f"no {self.kind} has the label {label!r}; known names: {', '.join(self)}")

    def named(self, choice: Choice) -> dict[str, float]:
        """Return the values of a choice by parameter name."""
        names = (parameter.name for parameter in self[choice.name].parameters)
        return dict(zip(names, choice.values, strict=True))


def spell(number: float) -> str:
    """Return the one spelling of a number: the shortest that reads back to the same bits."""
    if math.isfinite(number) and number == int(number) and abs(number) < 1e16:
        return str(int(number))
    return re.sub(r"e([+-])0*", lambda m: "e" + m[1].strip("+"), repr(float(number)))


def nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the name that a misspelled one means, capitals apart, or None where none is near."""
    known = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), known, 1, cutoff)
    return known[near[0]] if near else None
