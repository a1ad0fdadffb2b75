"""A front holds what nothing dominates, and for all it leaves out there is a reason."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from evosearch.front import front

Point = tuple[float, ...]

NUMBERS = st.integers(0, 4).map(float) | st.sampled_from([float("inf"), -0.0, -1.5])
POINTS = st.integers(1, 4).flatmap(
    lambda size: st.lists(st.tuples(*[NUMBERS] * size), max_size=12)
)


def of(points: Sequence[Point]) -> list[Point]:
    return front(points, lambda point: point)


def dominates(one: Point, other: Point) -> bool:
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


@given(POINTS)
def test_no_member_dominates_another_or_equals_it(points: list[Point]) -> None:
    found = of(points)
    assert len(set(found)) == len(found)
    assert not any(dominates(one, other) for one in found for other in found)


@given(POINTS)
def test_what_is_left_out_is_dominated_or_equal(points: list[Point]) -> None:
    found = of(points)
    assert all(
        point in found or any(dominates(one, point) for one in found)
        for point in points
    )


@given(POINTS, st.randoms())
def test_the_order_does_not_matter(points: list[Point], random: Random) -> None:
    shuffled = list(points)
    random.shuffle(shuffled)
    assert set(of(shuffled)) == set(of(points))


@given(POINTS)
def test_a_front_is_its_own_front(points: list[Point]) -> None:
    assert of(of(points)) == of(points)


@given(POINTS)
def test_items_stay_in_their_order_and_the_first_of_equals_stays(
    points: list[Point],
) -> None:
    places = front(range(len(points)), points.__getitem__)
    assert places == sorted(points.index(points[place]) for place in places)
