"""Laws of the hurdles: quantiles, what early ends count for, and who goes on."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evosearch.config import HurdlesConfig
from evosearch.hurdles import Curve, Hurdles, lag, quantile, thresholds
from evosearch.rows import TrainingRow

CHUNKS = 4
REFERENCE = TrainingRow(
    digest="reference", task="task", seed=0, split="validation", outcome="ok",
    loss=1.0, chunk_losses=(4.0, 3.0, 2.0, 1.0), steps=8, seconds=0.0,
)  # fmt: skip

numbers = st.floats(allow_nan=False)
shares = st.floats(min_value=0.0, max_value=1.0)


def trained(*losses: float, outcome: str = "ok") -> TrainingRow:
    return replace(
        REFERENCE, digest="child", outcome=outcome, chunk_losses=losses, loss=1.0
    )


def after(lags: list[Curve], **keys: object) -> Curve:
    config = HurdlesConfig.model_validate({"history": len(lags), **keys})
    return thresholds(lags, REFERENCE, config)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (0.5, 2.0), (0.75, 3.0), (0.76, math.inf),
     (1.0, math.inf)],
)  # fmt: skip
def test_known_quantiles(share: float, expected: float) -> None:
    assert quantile([3.0, 1.0, math.inf, 2.0], share) == expected


@pytest.mark.parametrize("hundredths", range(1, 100))
def test_a_share_counts_as_decimals_do(hundredths: int) -> None:
    values = [float(n) for n in range(1, 101)]
    assert quantile(values, hundredths / 100) == hundredths


@given(st.lists(numbers, min_size=1, max_size=40), shares)
def test_a_quantile_is_the_smallest_value_that_a_share_does_not_exceed(
    values: list[float], share: float
) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(each <= found for each in values) >= share * len(values) - 1e-6
    assert sum(each < found for each in values) <= max(share * len(values), 0.0)


@given(st.lists(numbers, min_size=1, max_size=40), shares, shares)
def test_quantiles_rise_with_the_share_and_with_the_values(
    values: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert quantile(values, low) <= quantile(values, high)
    assert quantile(values, one) <= quantile([abs(each) for each in values], one)
    assert quantile(values, one) == quantile(values[::-1], one)


def test_a_lag_is_the_difference_to_the_reference() -> None:
    assert lag(trained(5.0, 3.0, 1.5, 1.0), REFERENCE) == (1.0, 0.0, -0.5, 0.0)


def test_who_ended_early_is_worse_from_then_on() -> None:
    never = math.inf
    expected = (1.0, -1.0, never, never)
    for outcome in ("diverged", "hopeless"):
        assert lag(trained(5.0, 2.0, outcome=outcome), REFERENCE) == expected
    last = trained(5.0, 2.0, math.nan, outcome="diverged")
    assert lag(last, REFERENCE) == expected
    exploit = trained(0.0, 0.0, 0.0, 0.0, outcome="implausible")
    assert lag(exploit, REFERENCE) == (never,) * CHUNKS


def test_thresholds_are_the_reference_s_losses_and_a_quantile() -> None:
    lags = [(1.0, 0.0, -1.0, 0.0), (2.0, 1.0, math.inf, math.inf)]
    assert after(lags, quantile=0.5) == (5.0, 3.0, 1.0)
    assert after(lags, quantile=0.9) == (6.0, 4.0, math.inf)


def test_there_are_none_before_the_first_chunk_and_after_the_last() -> None:
    lags = [(1.0,) * CHUNKS]
    assert after(lags, quantile=0.5, first_chunk=3) == (math.inf, math.inf, 3.0)
    assert after(lags, quantile=0.5, first_chunk=4) == (math.inf,) * 3


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_little_history_asks_for_nothing(count: int) -> None:
    assert after([(1.0,) * CHUNKS] * count, quantile=0.5, history=10) == ()


def test_no_quantile_asks_for_nothing() -> None:
    assert after([(1.0,) * CHUNKS] * 10) == ()


curves = st.lists(st.tuples(*[numbers] * CHUNKS), min_size=1, max_size=20)
some = st.floats(min_value=0.01, max_value=0.99)


@given(curves, some, some)
def test_a_larger_quantile_stops_nobody_more(
    lags: list[Curve], one: float, other: float
) -> None:
    low, high = (after(lags, quantile=each) for each in sorted((one, other)))
    assert all(a <= b for a, b in zip(low, high, strict=True))


@given(curves, curves, some)
def test_only_the_last_count_in_any_order(
    old: list[Curve], lags: list[Curve], share: float
) -> None:
    expected = after(lags, quantile=share)
    assert after(old + lags, quantile=share, history=len(lags)) == expected
    assert after(lags[::-1], quantile=share) == expected


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_the_share_that_goes_on_is_the_quantile(share: float, noise: float) -> None:
    """Also after many rounds, in which the stopped are part of the history."""
    config = HurdlesConfig(quantile=share, history=200)
    hurdles, random, ended = Hurdles(config), Random(0), 0
    reference = {("task", 0): REFERENCE}
    for number in range(2200):
        hidden, losses = random.random(), []
        ahead = hurdles.ahead(reference)["task", 0]
        assert bool(ahead) == (number >= 200)
        for chunk, loss in enumerate(REFERENCE.chunk_losses):
            losses.append(loss + hidden + noise * random.random())
            if chunk < len(ahead) and losses[-1] > ahead[chunk]:
                break
        outcome = "ok" if len(losses) == CHUNKS else "hopeless"
        ended += number >= 200 and outcome == "ok"
        row = trained(*losses, outcome=outcome)
        hurdles.learn({("task", 0): row}, reference)
    assert ended / 2000 == pytest.approx(share, abs=0.05)


def test_tasks_have_hurdles_of_their_own() -> None:
    hurdles = Hurdles(HurdlesConfig(quantile=0.5, history=1))
    other = replace(REFERENCE, task="other")
    references = {("task", 0): REFERENCE, ("other", 0): other}
    hurdles.learn({("task", 0): trained(5.0, 4.0, 3.0, 2.0)}, references)
    assert hurdles.ahead(references) == {
        ("task", 0): (5.0, 4.0, 3.0),
        ("other", 0): (),
    }


def test_what_one_data_seed_taught_is_asked_on_the_next() -> None:
    hurdles = Hurdles(HurdlesConfig(quantile=0.5, history=1))
    hurdles.learn({("task", 0): trained(5.0, 4.0, 3.0, 2.0)}, {("task", 0): REFERENCE})
    later = replace(REFERENCE, seed=1, chunk_losses=(8.0, 7.0, 6.0, 5.0))
    assert hurdles.ahead({("task", 1): later}) == {("task", 1): (9.0, 8.0, 7.0)}
