"""The script finds every setting and unpacks its page, in the one file and on a site."""

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import report_results
import unpacked
from browser import OpenPage
from report_page import MADE_BY
from symbreak import packing, report
from symbreak.report import Results
from symbreak.settings import Experiment

PAGES = """async () => {
  const grid = await symbreak.whole, found = [];
  for (let i = 0; i < grid.size; i++) found.push(await symbreak.page(i));
  return found;
}"""
GRID = """async () => {
  const grid = await symbreak.whole, all = [...Array(grid.size).keys()];
  return {ids: all.map(i => grid.id(i)), found: all.map(i => grid.find(grid.id(i))),
          none: grid.find("none"), places: all.map(i => grid.index(grid.values(i))),
          config: grid.configOf(3, "one"), verdict: grid.column("verdict"),
          rank: grid.column("effective_rank_mean"), features: grid.features,
          steps: grid.steps, points: grid.points, hidden: all.map(i => grid.labels(i)[4])};
}"""


class Quiet(SimpleHTTPRequestHandler):
    """A server that logs nothing."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(experiment: Experiment, results: Results, tmp_path_factory: Any) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, text in report.site(experiment, results, MADE_BY).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()


def test_every_setting_has_an_id_that_leads_back_to_it(
    report_file: Path, open_page: OpenPage
) -> None:
    grid = open_page(report_file).page.evaluate(GRID)
    experiment = report_results.small()
    every = [s for c in experiment.combinations() for s in experiment.settings(*c)]
    assert grid["ids"] == [setting.path for setting in every]
    assert grid["found"] == grid["places"] == list(range(len(every)))
    assert grid["none"] == -1
    assert None not in grid["verdict"]
    assert any(isinstance(value, int | float) for value in grid["rank"])


def test_the_script_draws_the_numbers_that_were_packed(
    report_file: Path, open_page: OpenPage
) -> None:
    page = open_page(report_file).page
    grid, drawn = page.evaluate(GRID), page.evaluate(PAGES)
    chunk = re.search(r'id="pack-c0">([^<]+)<', report_file.read_text())
    assert chunk
    shape = len(grid["features"]), len(grid["steps"]), grid["points"]
    expected = unpacked.chunk(chunk[1], grid["hidden"], *shape)
    assert len(drawn) == len(expected)
    for found, known in zip(drawn, expected, strict=True):
        same(list(found["distance"].values()), known["distance"])
        same(found["paths"]["points"], known["points"])
        same(found["weights"]["before"], known["before"])
        same(found["weights"]["after"], known["after"])
        same(found["activations"], known["activations"])
        assert found["texts"] == known["texts"]
        assert [found["paths"]["share"], *found["learned"]["shares"],
                *found["learned"]["units"]] == known["numbers"]  # fmt: skip
        assert found["paths"]["steps"] == [grid["steps"][at] for at in known["kept"]]
        assert len(found["weights"]["names"]) == known["before"].shape[1]


def same(found: Any, known: np.ndarray) -> None:
    values = np.array(found, np.float64)  # None becomes NaN
    assert np.allclose(values.ravel(), known.ravel(), rtol=1e-12, atol=0, equal_nan=True)


def test_a_site_loads_its_pages_from_disk_and_from_a_server(
    site: Path, address: str, open_page: OpenPage
) -> None:
    places = site / "index.html", address
    from_disk, from_server = (open_page(place).page.evaluate(PAGES) for place in places)
    assert from_disk == from_server
    assert all(from_disk)
    assert len(from_disk) > packing.FEWEST


def test_a_page_that_cannot_be_loaded_is_none_and_the_others_go_on(
    site: Path, open_page: OpenPage
) -> None:
    chunk = site / "data/c0.js"
    opened = open_page(site / "index.html")
    opened.page.evaluate("() => symbreak.whole.then(() => null)")
    chunk.rename(site / "away")
    assert opened.page.evaluate("() => symbreak.page(0)") is None
    (site / "away").rename(chunk)
    assert opened.page.evaluate("() => symbreak.page(0)") is not None
    opened.forgive()
