"""The search for changes, on labels that are planted: nothing is trained here."""

from collections.abc import Callable
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from symbreak.bisection import MIXED, MOST_CHANGES, Interval, boundaries, search

SCANS = st.integers(1, 5)
TOLERANCES = st.sampled_from([1e-6, 0.01, 0.05, 0.5])


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Intervals of either sign, and across zero, up to 300 decades wide."""
    low, ratio = draw(st.floats(1e-200, 1e100)), draw(st.floats(1.5, 1e150))
    ends = {"+": (low, low * ratio), "-": (-low * ratio, -low), "0": (0.0, low),
            "across": (-low, low * min(ratio, 1e3))}  # fmt: skip
    return Interval(*draw(st.sampled_from(sorted(ends.values()))), draw(TOLERANCES))


def steps(places: list[float]) -> Callable[[float], str]:
    """Return labels that change at each of these places, where the new one begins."""
    return lambda value: f"label {sum(place <= value for place in places)}"


def counted(label_of: Callable[[float], str], asked: list[float]) -> Callable[[float], str]:
    return lambda value: (asked.append(value), label_of(value))[1]


@given(interval=intervals(), scan=SCANS, data=st.data())
def test_every_planted_change_is_found_where_the_scan_separates_them(
    interval: Interval, scan: int, data: st.DataObject
) -> None:
    cells = list(pairwise(interval.scan(scan)))
    chosen = data.draw(st.lists(st.sampled_from(cells), unique=True, min_size=1, max_size=5))
    places = sorted(data.draw(st.floats(*cell, exclude_min=True)) for cell in chosen)
    asked: list[float] = []
    found = boundaries(search(counted(steps(places), asked), interval, scan))
    assert [(b.below, b.above) for b in found] == [
        (f"label {i}", f"label {i + 1}") for i in range(len(places))
    ]
    for place, boundary in zip(places, found, strict=True):
        assert boundary.low < place <= boundary.high
        assert not interval.is_wide(boundary.low, boundary.high)
    assert len(set(asked)) == len(asked) <= interval.most_values(scan)
    assert all(interval.low <= value <= interval.high for value in asked)


@given(interval=intervals(), scan=SCANS)
def test_no_change_is_said_to_be_none_after_the_scan(interval: Interval, scan: int) -> None:
    labels = search(lambda value: "same", interval, scan)
    assert boundaries(labels) == []
    assert list(labels) == interval.scan(scan)
    assert len(labels) == 2**scan + 1
    assert (min(labels), max(labels)) == (interval.low, interval.high)


@given(interval=intervals(), scan=SCANS, data=st.data())
def test_both_ends_of_a_mixed_stretch_are_bisected(
    interval: Interval, scan: int, data: st.DataObject
) -> None:
    inside = st.floats(interval.low, interval.high, exclude_min=True)
    first, last = sorted((data.draw(inside), data.draw(inside)))
    labels = search(lambda v: "a" if v < first else "b" if v >= last else MIXED, interval, scan)
    (found,) = boundaries(labels)
    assert (found.below, found.above) == ("a", "b")
    assert found.low < first <= last <= found.high
    values = list(labels)
    for value, other in ((found.low, 1), (found.high, -1)):
        neighbour = values[values.index(value) + other]
        assert not interval.is_wide(*sorted((value, neighbour)))


def test_a_mixed_stretch_between_equal_labels_or_at_an_end_has_boundaries_of_its_own() -> None:
    labels = dict(enumerate(["a", MIXED, "a", "a", "b", MIXED, MIXED]))
    assert [(b.low, b.high, b.below, b.above) for b in boundaries(labels)] == [
        (0, 1, "a", MIXED), (1, 2, MIXED, "a"), (3, 4, "a", "b"), (4, 5, "b", MIXED),
    ]  # fmt: skip


@given(interval=intervals(), scan=SCANS)
def test_chaos_ends(interval: Interval, scan: int) -> None:
    """Every value has a label of its own: more changes than are searched for."""
    number = count()
    labels = search(lambda value: str(next(number)), interval, scan)
    assert len(labels) <= max(2**scan + 1, 2 * MOST_CHANGES + 1)


@pytest.mark.parametrize(
    ("ends", "scan"),
    [((1e-18, 1e-2), [1e-18, 1e-14, 1e-10, 1e-6, 1e-2]), ((0.0, 1.0), [0, 0.25, 0.5, 0.75, 1]),
     ((-16.0, -1.0), [-16, -8, -4, -2, -1]), ((-1.0, 1.0), [-1, -0.5, 0, 0.5, 1])],
)  # fmt: skip
def test_values_are_spaced_by_ratio_where_the_sign_is_one(
    ends: tuple[float, float], scan: list[float]
) -> None:
    assert Interval(*ends, 0.01).scan(2) == pytest.approx(scan)
