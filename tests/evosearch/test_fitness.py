"""Fitness is relative, paired and averaged; seeds rotate; errors are of the mean."""

import math
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evosearch.fitness import (
    META_SEEDS_FROM,
    MORE_SEEDS_FROM,
    SIMPLIFY_SEEDS_FROM,
    TEST_SEEDS_FROM,
    TUNING_SEEDS_FROM,
    VALIDATION_SEEDS_FROM,
    Prices,
    data_seeds,
    mean_and_error,
    more_seeds,
    paired_fitness,
    relative_difference,
    seed_differences,
)
from evosearch.funnel.stages import SEEDS_APART

LOSSES = st.floats(0.1, 10.0)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.integers(0, 9)), LOSSES, min_size=1
    )
)
def test_a_program_is_as_good_as_itself(losses: dict) -> None:
    assert paired_fitness(losses, losses, 0.0) == 0.0
    assert paired_fitness(losses, losses, 0.25) == 0.25
    worse = {place: 1.5 * loss for place, loss in losses.items()}
    assert paired_fitness(worse, losses, 0.0) == pytest.approx(0.5)
    assert paired_fitness(losses, worse, 0.0) == pytest.approx(-1.0 / 3.0)


def test_each_place_counts_the_same_whatever_its_loss() -> None:
    references = {("a", 0): 100.0, ("b", 0): 0.01, ("b", 1): 7.0}
    losses = {("a", 0): 90.0, ("b", 0): 0.012}
    assert paired_fitness(losses, references, 0.01) == pytest.approx(0.05 + 0.01)


def test_differences_are_relative_to_the_size_of_the_reference() -> None:
    assert relative_difference(1.0, 2.0) == -0.5
    assert relative_difference(3.0, 2.0) == 0.5
    assert relative_difference(-1.0, -2.0) == 0.5


def test_prices_are_of_states_and_statements() -> None:
    assert Prices().of(7, 9) == 0.0
    assert Prices(state=0.1, statement=0.001).of(2, 30) == pytest.approx(0.23)


@pytest.mark.parametrize(
    ("child", "seeds", "rotate", "expected"),
    [
        (0, 1, 0, [0]),
        (10**9, 3, 0, [0, 1, 2]),
        (399, 1, 400, [0]),
        (400, 1, 400, [1]),
        (1199, 2, 400, [4, 5]),
        (1200, 2, 400, [6, 7]),
    ],
)
def test_data_seeds_rotate(
    child: int, seeds: int, rotate: int, expected: list[int]
) -> None:
    assert list(data_seeds(child, seeds, rotate)) == expected


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 500))
def test_seeds_of_a_rotation_are_new(child: int, seeds: int, rotate: int) -> None:
    now = data_seeds(child, seeds, rotate)
    later = data_seeds(child + rotate, seeds, rotate)
    assert len(now) == seeds
    assert later.start == now.stop


def test_no_data_seed_is_for_two_things() -> None:
    """What is chosen on one range is praised on another: all a config may ask for."""
    stages, most = 1000, 10_000
    kinds = [
        range(data_seeds(10**6, 100, 1).stop),
        range(MORE_SEEDS_FROM, more_seeds(10**6, 100, 1).stop),
        range(VALIDATION_SEEDS_FROM, VALIDATION_SEEDS_FROM + most),
        range(TUNING_SEEDS_FROM, TUNING_SEEDS_FROM + stages * SEEDS_APART),
        range(SIMPLIFY_SEEDS_FROM, SIMPLIFY_SEEDS_FROM + most),
        range(META_SEEDS_FROM, META_SEEDS_FROM + most),
        range(TEST_SEEDS_FROM, TEST_SEEDS_FROM + stages * SEEDS_APART),
    ]
    assert all(one.stop <= other.start for one, other in pairwise(kinds))
    assert kinds[-1].stop < 2**31
    assert most <= SEEDS_APART, "of one stage of a funnel and of the next"


def test_a_data_seed_counts_once_however_many_tasks_there_are() -> None:
    losses = {("a", 0): 1.5, ("b", 0): 3.0, ("a", 1): 1.0, ("b", 1): 1.0}
    references = {("a", 0): 1.0, ("b", 0): 2.0, ("a", 1): 2.0, ("b", 1): 1.0}
    assert seed_differences(losses, references) == [0.5, -0.25]


@given(st.lists(st.floats(-10.0, 10.0), min_size=2, max_size=20))
def test_the_error_is_that_of_the_mean(values: list[float]) -> None:
    mean, error = mean_and_error(values)
    assert mean == pytest.approx(statistics.fmean(values), abs=1e-12)
    expected = statistics.stdev(values) / math.sqrt(len(values))
    assert error == pytest.approx(expected, abs=1e-9)


def test_one_value_has_no_error() -> None:
    mean, error = mean_and_error([3.0])
    assert mean == 3.0
    assert math.isnan(error)
