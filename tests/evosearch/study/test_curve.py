"""A curve keeps a few hundred points, the first ones and the last, evenly spread."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from evosearch.study.curve import MOST, Curve, Point, read_points, write_points


def point(programs: int) -> Point:
    return Point(programs, 4 * programs, programs, 0, 9, 5, -programs / 7.0)


@settings(max_examples=30)
@given(st.integers(1, 5000))
def test_few_points_are_kept_evenly_and_the_last(programs: int) -> None:
    curve = Curve()
    for number in range(1, programs + 1):
        curve.add(point(number))
    kept = [each.programs for each in curve.points]
    assert kept == sorted(set(kept))
    assert kept[-1] == programs
    assert min(programs, MOST // 2) <= len(kept) <= MOST
    assert len({b - a for a, b in pairwise(kept[:-1])}) <= 1
    assert curve.points[-1] == point(programs)


def test_a_search_without_children_has_no_points() -> None:
    assert Curve().points == []


def test_what_is_written_reads_back() -> None:
    points = [point(1), point(3)]
    assert read_points(write_points(points)) == points
