"""What tables may rest on: portable operations, no vanishing squares, bounded memory."""

import ast
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import report_results
from judged_networks import a_model, judged, random_layers, trained
from networks_strategies import INPUTS, rows_for
from symbreak import (
    data,
    dynamics,
    functional,
    groups,
    judging,
    learned,
    matching,
    metrics,
    networks,
    plan,
    properties,
    statistics,
    surgery,
    tempo,
    trainer,
    verdicts,
)
from symbreak.networks import network_widths
from symbreak.story import PROPERTIES

# Their last bit differs between machines; sums of floats go row by row instead.
NOT_PORTABLE = {"exp", "log", "tanh", "power", "dot", "matmul", "einsum", "inner", "mean", "std",
                "corrcoef", "norm", "hypot", "pow", "linalg"}  # fmt: skip
MODULES = [
    metrics,
    statistics,
    verdicts,
    functional,
    properties,
    surgery,
    matching,
    groups,
    dynamics,
    learned,
    tempo,
    judging,
]


@pytest.mark.parametrize("module", MODULES)
def test_tables_are_computed_by_portable_operations_alone(module) -> None:
    tree = ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8")))
    found = [node for node in tree if isinstance(node, ast.Pow | ast.MatMult) or (
        isinstance(node, ast.Attribute) and node.attr in NOT_PORTABLE
        and isinstance(node.value, ast.Name) and node.value.id in ("np", "math"))]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("power", [-800, -500, 300, 500])
def test_the_scale_of_activations_changes_no_verdict(power: int) -> None:
    setting = a_model((3,), "linear")
    for seed, same in ((0, False), (1, True)):
        net = random_layers(network_widths(INPUTS, (3,)), seed)
        if same:
            net[0] = (net[0][0][:1] * [[1.0], [-1.0], [3.0]], net[0][1][:1] * [1.0, -1.0, 3.0])
        net[0] = (net[0][0] * 2.0**power, net[0][1] * 2.0**power)
        verdict = judged(trained(setting, net))["verdict"][0]
        assert verdict == ("redundant" if same else "broken")


@pytest.mark.parametrize("hidden", [(6,), (64, 64), (3, 40, 2)])
def test_wide_networks_are_judged_a_few_at_a_time(hidden, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = a_model(hidden)
    x, _ = rows_for(setting)
    widths = network_widths(INPUTS, hidden)
    net = trained(setting, *[random_layers(widths, seed) for seed in range(9)])
    largest, forward = [], trainer.forward
    products = max(units * below for below, units in pairwise(widths[1:]))

    def watched(layers, rows, *rest):
        largest.append((len(rows), len(rows) * len(x) * products))
        return forward(layers, rows, *rest)

    whole = metrics.least_correlation(setting, net.weights[:, -1], widths, x)
    monkeypatch.setattr(networks, "CHUNK", 5_000)
    monkeypatch.setattr(networks, "IN_CACHE", 200_000)
    monkeypatch.setattr(trainer, "forward", watched)
    parts = metrics.least_correlation(setting, net.weights[:, -1], widths, x)
    assert (parts == whole).all()
    assert sum(count for count, _ in largest) == 9
    assert all(count == 1 or numbers <= 200_000 for count, numbers in largest)


@pytest.mark.parametrize("hidden", [[6], [16, 16], [3, 40, 2]])
def test_a_plan_asks_for_the_memory_that_activations_take(hidden: list[int]) -> None:
    experiment = report_results.small(
        data={"kind": "demand", "rows": 3000},
        model={"hidden": [hidden], "activation": "tanh"},
        replicates=60,
    )
    x = np.random.default_rng(0).normal(size=(3000, INPUTS))
    rows = data.Dataset(("a", "b", "c"), PROPERTIES, x, x[:, 0] > 0, x, x[:, 0] > 0, x, x)
    widths = network_widths(INPUTS, tuple(hidden))
    nets = [random_layers(widths, seed) for seed in range(experiment.replicates)]
    net = trained(a_model(tuple(hidden)), *nets, checkpoints=experiment.checkpoints)
    tracemalloc.start()
    learned.table([net], rows, 0.99, 0.7)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < plan.activation_bytes(experiment) < 4 * peak
