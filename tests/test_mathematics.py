"""The report's step of two equal neurons: its numbers are the run's, its bits are compared."""

from dataclasses import replace

import numpy as np
from report_page import MADE_BY
from symbreak import mathematics, report, trainer
from symbreak.mathematics import Lesson
from symbreak.networks import Trained, neuron_vectors, split_layers
from symbreak.report import Results
from symbreak.settings import Experiment, Setting
from symbreak.summary import Grid


def lesson(experiment: Experiment, results: Results, **changed: object) -> Lesson | None:
    seen = replace(results, **changed)
    grid = Grid(experiment, seen.verdicts)
    return mathematics.lesson(grid, seen.trained, list(seen.features), seen.x, seen.y)


def test_two_neurons_of_a_symmetric_network_have_the_same_bits_line_by_line(
    experiment: Experiment, results: Results
) -> None:
    found = lesson(experiment, results)
    assert found.same
    assert found.distinct == 1
    inputs = len(results.features)
    assert len(found.lines) == 3 * (inputs + 2) + 3


def test_the_numbers_are_those_of_the_first_step(experiment: Experiment, results: Results) -> None:
    """The updated weights of the lesson are what the trainer has after one step."""
    found = lesson(experiment, results)
    run = results.trained(found.setting)
    weights, _ = trainer.train(found.setting, run.weights[:1, 0], np.array([0]), results.x,
                               results.y, experiment.seed, np.array([1]))  # fmt: skip
    after = neuron_vectors(weights[0], run.widths, 1)[0, 0]
    updated = [line.exact[0] for line in found.lines if line.name.endswith("updated")]
    assert updated == [float(value).hex() for value in after]


def test_neurons_that_differ_are_not_called_equal(experiment: Experiment, results: Results) -> None:
    """Another outgoing weight makes another error sent back and other gradients."""

    def spoiled(setting: Setting) -> Trained:
        run = results.trained(setting)
        weights = run.weights.copy()
        (_, _), (outgoing, _) = split_layers(weights[0, 0], run.widths)
        outgoing[0, 1] += 0.25
        return replace(run, weights=weights)

    found = lesson(experiment, results, trained=spoiled)
    assert not found.same
    apart = {line.name for line in found.lines if not line.same}
    assert {"outgoing weight", "error sent back"} <= apart
    assert not {"pre-activation", "activation", "bias"} & apart


def test_a_grid_without_a_plain_symmetric_setting_has_no_lesson(
    experiment: Experiment, results: Results
) -> None:
    broken = results.verdicts.assign(verdict="broken")
    assert lesson(experiment, results, verdicts=broken) is None
    text = report.build(experiment, replace(results, verdicts=broken), MADE_BY)
    assert "Why do equal neurons stay equal?" not in text
