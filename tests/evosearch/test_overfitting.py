"""The alarm of overfitting: seldom false, and raised where a leader is truly worse."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evosearch.fitness import mean_and_error
from evosearch.overfitting import Alarm, overfitting_alarm

TRIALS = 1000

values = st.lists(st.floats(-10.0, 10.0), min_size=4, max_size=4)


def rate(seeds: int, earlier: int, worse: float, luck: float) -> float:
    """How often there is an alarm if the present leader is so much worse.

    `luck` is the standard deviation of what all share on a data seed; the rest of the
    noise is 1.
    """
    random, alarms = Random(f"{seeds} {earlier} {worse} {luck}"), 0
    for _ in range(TRIALS):
        shared = [random.gauss(0.0, luck) for _ in range(seeds)]
        noisy = [
            [each + random.gauss(0.0, 1.0) for each in shared]
            for _ in range(earlier + 1)
        ]
        present = [each + worse for each in noisy.pop()]
        alarms += overfitting_alarm(dict(enumerate(noisy)), present) is not None
    return alarms / TRIALS


@pytest.mark.parametrize("seeds", [2, 4, 16])
@pytest.mark.parametrize("earlier", [1, 3, 20])
def test_noise_raises_it_in_less_than_one_of_twenty(seeds: int, earlier: int) -> None:
    assert rate(seeds, earlier, worse=0.0, luck=3.0) < 0.05


def test_without_the_correction_it_would_not_keep_to_that() -> None:
    """So the test above can fail: with t(0.975, n - 1) one of ten would be false."""
    random, alarms = Random(0), 0
    for _ in range(TRIALS):
        noisy = [[random.gauss(0.0, 1.0) for _ in range(8)] for _ in range(21)]
        present = noisy.pop()
        alarms += any(overfitting_alarm({0: each}, present) for each in noisy)
    assert alarms / TRIALS > 0.1


@pytest.mark.parametrize("luck", [0.0, 100.0])
def test_it_is_raised_where_a_leader_is_worse(luck: float) -> None:
    assert rate(8, 5, worse=5.0, luck=luck) > 0.95


def test_it_names_the_best_of_the_earlier_ones() -> None:
    present = [0.01, 0.0, -0.01, 0.0]
    earlier = {10: [-1.0, -1.01, -1.0, -0.99], 20: [-2.0, -2.02, -2.0, -2.01]}
    found = overfitting_alarm(earlier, present)
    assert found is not None
    differences = [a - b for a, b in zip(present, earlier[20], strict=True)]
    assert found == (20, *mean_and_error(differences))
    # 3 standard errors are too few for t(0.975, 3), which is 3.18.
    wide = [-math.sqrt(3.0), -math.sqrt(3.0), math.sqrt(3.0), math.sqrt(3.0)]
    for shift, raised in ((3.1, False), (3.3, True)):
        found = overfitting_alarm({0: [0.0] * 4}, [each + shift for each in wide])
        assert (found is not None) == raised


@given(values, values, st.floats(-5.0, 5.0))
def test_what_all_share_on_a_data_seed_does_not_matter(
    one: list[float], other: list[float], shift: float
) -> None:
    found = overfitting_alarm({0: one}, other)
    moved = overfitting_alarm(
        {0: [each + shift for each in one]}, [each + shift for each in other]
    )
    if found is None or moved is None:
        return
    assert moved.difference == pytest.approx(found.difference, abs=1e-9)
    assert found.difference > 0.0


@given(values, st.lists(values, min_size=1, max_size=5))
def test_it_is_not_raised_by_those_that_are_not_better(
    present: list[float], others: list[list[float]]
) -> None:
    earlier = {
        n: each
        for n, each in enumerate(others)
        if math.fsum(a - b for a, b in zip(present, each, strict=True)) <= 0.0
    }
    assume(earlier)
    assert overfitting_alarm(earlier, present) is None


def test_who_failed_is_worse_than_who_did_not() -> None:
    failed, sound = [0.0, math.inf], [0.5, 0.25]
    found = overfitting_alarm({3: failed, 5: [1.0, 2.0], 7: sound}, failed)
    assert isinstance(found, Alarm)
    assert found[:2] == (7, math.inf)
    assert math.isnan(found.error)
    assert overfitting_alarm({3: failed}, failed) is None
    assert overfitting_alarm({3: failed}, [9.0, 9.5]) is None
    assert overfitting_alarm({}, sound) is None
