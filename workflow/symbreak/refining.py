"""The requests of ``refine``: which number is varied, from where to where, and what is held fixed.

A request is a mapping of plain values, as jobs carry it; ``Request.from_record`` reads it back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from symbreak.bisection import Interval
from symbreak.components import Parameter, spell
from symbreak.settings import REGISTRIES, Record, Setting

FEWEST = 4  # replicates: of fewer, even all that agree are no sure majority (their Wilson interval)
AT_LEAST_ZERO = {
    name: Parameter(name, 0.0, "", low=0.0) for name in ("learning_rate", "weight_decay")
}
# What can be varied by its name in the config: ``init.constant_eps.eps``, or ``weight_decay``.
VARIED: dict[str, Parameter] = {
    f"{kind}.{component.name}.{parameter.name}": parameter
    for kind, registry in REGISTRIES.items()
    for component in registry.values()
    for parameter in component.parameters
} | AT_LEAST_ZERO


@dataclass(frozen=True)
class Request:
    """One search: ``vary`` names the number, ``setting`` holds all others (and this one's low end).

    ``scan`` is how often the interval is halved before the search.
    """

    name: str
    vary: str
    interval: Interval
    scan: int
    setting: Setting

    def at(self, value: float) -> Setting:
        """Return the setting with the varied number at a value."""
        return at(self.setting, self.vary, value)

    @property
    def parameter(self) -> str:
        """The name of the number, without its component's."""
        return self.vary.rpartition(".")[2]

    @property
    def component(self) -> str:
        """The name of the component whose number is varied; empty for a number of the training."""
        return self.vary.split(".")[1] if "." in self.vary else ""

    def record(self) -> Record:
        """Return plain values."""
        i = self.interval
        return {"name": self.name, "vary": self.vary, "low": i.low, "high": i.high,
                "tolerance": i.tolerance, "scan": self.scan,
                "setting": self.setting.record()}  # fmt: skip

    @classmethod
    def from_record(cls, record: Record) -> "Request":
        """Return the request behind a record."""
        interval = Interval(record["low"], record["high"], record["tolerance"])
        setting = Setting.from_record(record["setting"])
        return cls(record["name"], record["vary"], interval, record["scan"], setting)


def at(setting: Setting, vary: str, value: float) -> Setting:
    """Return the setting with a number at a value."""
    changed: dict[str, Any] = {vary: value}
    if vary not in AT_LEAST_ZERO:
        kind, name, parameter = vary.split(".")
        values = REGISTRIES[kind].named(getattr(setting, kind)) | {parameter: value}
        changed = {kind: REGISTRIES[kind].choose(name, **values)}
    return replace(setting, **changed)


def request(
    entry: Mapping[str, Any], fixed: Mapping[str, Any], first: Setting, taken: Collection[str]
) -> Record:
    """Return the record of a request.

    ``entry`` is that of the config with its defaults, ``fixed`` the checked values of its ``with``,
    ``first`` the first setting of the grid, ``taken`` the names of the requests before. Raises
    ValueError in words that follow on the entry's place.
    """
    vary = entry["vary"]
    low, high = (_end(entry, name) for name in ("from", "to"))
    if not low < high:
        raise ValueError(f"from is {spell(low)} and to is {spell(high)}; from must be below to")
    setting = replace(first, **fixed)
    if vary not in AT_LEAST_ZERO:
        setting = replace(setting, **_component(vary, fixed))
    elif vary in fixed:
        raise ValueError(f"with.{vary} is what is varied; leave it away")
    name = _name(vary, taken)
    interval = Interval(low, high, float(entry["tolerance"]))
    return Request(name, vary, interval, int(entry["scan"]), at(setting, vary, low)).record()


def _end(entry: Mapping[str, Any], name: str) -> float:
    """Return an end of the interval, which must be allowed for what is varied."""
    value, allowed = float(entry[name]) + 0.0, VARIED[entry["vary"]]
    if not allowed.allows(value):
        text = f"{name} is {spell(value)}; {entry['vary']} must be {allowed.interval}"
        raise ValueError(text)
    return value


def _component(vary: str, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the component whose number is varied, with the other parameters that ``with`` says."""
    kind, name, _ = vary.split(".")
    choice = fixed.get(kind, REGISTRIES[kind].choose(name))
    if choice.name != name:
        raise ValueError(f"with.{kind} is {choice.label}, and {vary} is of {name}; "
                         f"write {name} there, or leave it away")  # fmt: skip
    return {kind: choice}


def _name(vary: str, taken: Collection[str]) -> str:
    """Return the folder's name of a request: what it varies, numbered where others do the same."""
    stem = "-".join(vary.split(".")[1:]) or vary
    names = (f"{stem}-{i}" if i > 1 else stem for i in count(1))
    return next(name for name in names if name not in taken)
