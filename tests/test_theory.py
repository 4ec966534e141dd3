"""The theory against exact training: the hunt, a witness and a mutant for each rule, and shares."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from judged_networks import a_model
from networks_strategies import rows_for
from symbreak import hunt, rules, signals, symmetry
from symbreak.components import Choice
from symbreak.hunt import Case
from symbreak.settings import REGISTRIES
from symbreak.start import Start

SEED, CASES = 20240501, 250


def test_a_hunt_through_random_settings_finds_no_disagreement() -> None:
    found = list(hunt.hunt(SEED, range(CASES), replicates=4))
    wrong = [hunt.sentence(one) for one in found if not one.agreed.holds]
    assert not wrong, "\n".join(wrong)
    known = [one for one in found if one.agreed.known]
    assert len(known) > 0.9 * CASES, "the theory has to say something"
    assert len({name for one in found for name in one.measured}) >= 5


def choice(kind: str, name: str, **values: float) -> Choice:
    return REGISTRIES[kind].choose(name, **values)


def a_case(init: Choice, hidden: tuple[int, ...] = (4,), steps: int = 10, replicates: int = 4,
           rows: int = 30, balanced: bool = False, **fields: Any) -> Case:  # fmt: skip
    setting = a_model(hidden, init=init, **fields)
    x, y = rows_for(setting, rows=rows)
    if balanced:
        y = (np.arange(rows) % 2).astype(y.dtype)
    return Case(0, setting, x, y, "normal", steps, replicates, SEED)


HALF = choice("init", "constant", value=0.5)
DEAD = {"activation": "relu", "bias": choice("bias", "constant", value=-9.0)}
WITNESSES: dict[str, Case] = {
    "cancelled sum": a_case(choice("init", "zeros"), balanced=True,
                            activation="sigmoid"),
    "no signal": a_case(choice("init", "zeros")),
    "forgetting": a_case(choice("init", "normal"), activation="relu",
                         bias=choice("bias", "none"), weight_decay=10.0, batch_size=1, steps=60),
    "decay alone": a_case(choice("init", "normal"), **DEAD, weight_decay=10.0),
    "sign steps": a_case(choice("init", "constant", value=3.0), dtype="float32", steps=1,
                         optimizer=choice("optimizer", "adam"),
                         dropout=choice("dropout", "hidden", p=0.5)),
    "own noise": a_case(HALF, dropout=choice("dropout", "hidden", p=0.5)),
    "tiny difference": a_case(choice("init", "random_in_zero_out", std=1e-17),
                              activation="sigmoid", optimizer=choice("optimizer", "adam")),
    "lost difference": a_case(HALF, bias=choice("bias", "normal", std=1e-24)),
    "same start": a_case(HALF),
    "groups": a_case(choice("init", "tied")),
    "own start": a_case(choice("init", "normal")),
}  # fmt: skip


def as_labels(labels: Callable[[int], np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda start, *rest: labels(start.setting.hidden[0])


MUTANTS: dict[str, tuple[Any, str, Any]] = {  # where, name, and what is wrong instead
    "cancelled sum": (signals, "_cancelled", lambda start, moves, found: moves),
    "no signal": (signals, "_largest", lambda *values: np.ones_like(values[0], float)),
    "forgetting": (rules.RULES, "forgetting", None),
    "decay alone": (symmetry, "erased", lambda start, found, k, labels: labels),
    "sign steps": (rules.RULES, "sign steps", None),
    "own noise": (Start, "own_noise", False),
    "tiny difference": (rules.RULES, "tiny difference", None),
    "lost difference": (symmetry, "absorbed", lambda s, _, k: symmetry.at_start(s, k)),
    "same start": (symmetry, "classes", lambda vectors: np.arange(len(vectors))),
    "groups": (symmetry, "classes", lambda vectors: np.zeros(len(vectors), int)),
    "own start": (symmetry, "classes", lambda vectors: np.arange(len(vectors)) // 2),
}


def test_every_rule_has_a_witness_and_a_mutant() -> None:
    assert list(WITNESSES) == list(rules.RULES) == list(MUTANTS)


@pytest.mark.parametrize("name", WITNESSES)
def test_a_rule_decides_its_witness_as_training_does(name: str) -> None:
    found = hunt.compare(WITNESSES[name])
    assert found.agreed.rule == name
    assert found.agreed.holds, hunt.sentence(found)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_rule_is_found_by_its_witness(name: str, monkeypatch) -> None:
    where, attribute, wrong = MUTANTS[name]
    if isinstance(where, dict):
        monkeypatch.delitem(where, attribute)
    else:
        monkeypatch.setattr(where, attribute, wrong)
    assert not hunt.compare(WITNESSES[name]).agreed.holds
