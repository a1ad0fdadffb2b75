"""Who goes on: those whose paired difference is beyond two standard errors."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evosearch.fitness import mean_and_error
from evosearch.funnel import chance, goes_on, passes

LOSSES = st.lists(st.floats(0.5, 5.0), min_size=2, max_size=8).map(tuple)
GATE = (1.0, 2.0, 3.0, 4.0)


def test_a_small_gain_on_every_seed_passes_and_a_large_one_on_one_does_not() -> None:
    # The seeds differ by 1, which cancels in the pairs.
    assert passes((0.99, 1.985, 2.99, 3.985), GATE)
    assert not passes((1.0, 2.0, 3.0, 1.0), GATE)
    assert not passes((1.01, 2.01, 3.01, 4.01), GATE)


def test_two_standard_errors_are_the_border() -> None:
    # Differences -1 + d, -1 - d: the mean is -1 and the standard error d.
    for share, expected in ((0.49, True), (0.51, False)):
        assert passes((5.0 - 1.0 + share, 5.0 - 1.0 - share), (5.0, 5.0)) is expected


@pytest.mark.parametrize("seeds", [2, 4, 16])
def test_what_is_as_good_passes_as_often_as_is_said(seeds: int) -> None:
    random, trials, gate = Random(seeds), 4000, (0.0,) * seeds
    passed = sum(
        passes(tuple(random.gauss(0.0, 1.0) for _ in gate), gate) for _ in range(trials)
    )
    expected = chance(seeds)
    assert abs(passed / trials - expected) < 4.0 * math.sqrt(expected / trials)
    assert chance(2) == pytest.approx(math.atan(0.5) / math.pi)  # t of 1 is Cauchy's
    assert chance(10**6) == pytest.approx(0.02275, abs=1e-5)


@given(LOSSES)
def test_nobody_beats_itself(losses: tuple[float, ...]) -> None:
    assert not passes(losses, losses)


@given(LOSSES, st.integers(0, 7))
def test_what_fails_on_a_seed_never_passes(losses: tuple[float, ...], at: int) -> None:
    failed = list(losses)
    failed[at % len(losses)] = math.nan
    assert not passes(tuple(failed), tuple(loss + 1.0 for loss in losses))


@given(LOSSES, st.floats(-1.0, 1.0), st.randoms())
def test_it_is_the_mean_less_two_errors_of_the_pairs(
    gate: tuple[float, ...], shift: float, random: object
) -> None:
    differences = [shift + random.uniform(-0.5, 0.5) for _ in gate]  # type: ignore[attr-defined]
    losses = tuple(a + b for a, b in zip(gate, differences, strict=True))
    mean, error = mean_and_error([a - b for a, b in zip(losses, gate, strict=True)])
    assert passes(losses, gate) == (mean + 2.0 * error < 0.0)


def test_those_that_pass_go_on_in_their_order() -> None:
    losses = {
        "worse": (1.1, 2.1, 3.1, 4.1),
        "better": (0.9, 1.9, 2.9, 3.9),
        "best": (0.5, 1.4, 2.5, 3.4),
        "adamw": GATE,
    }
    candidates = ["best", "untrained", "worse", "better"]
    assert goes_on(candidates, losses, "adamw") == ["best", "better"]
    assert goes_on(candidates, losses, None) == ["best", "worse", "better"]
