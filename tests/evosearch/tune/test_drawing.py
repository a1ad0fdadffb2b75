"""Trials are nested, the same for one seed, and spread alike around any program."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import parse
from dsl.library import read_program
from evosearch.tune.drawing import at_the_edge, draw
from evosearch.tune.knobs import knobs_of

KNOBS = {name: knobs_of(parse(read_program(name))) for name in ("adamw", "lion")}
SCHEDULES = ("cosine", "constant", "linear")


@given(st.integers(1, 20), st.integers(0, 2**31 - 1))
def test_the_first_trials_of_more_are_the_same(trials: int, seed: int) -> None:
    fewer = draw(KNOBS["adamw"], SCHEDULES, trials, seed)
    more = draw(KNOBS["adamw"], SCHEDULES, 2 * trials, seed)
    assert len(fewer) == trials
    assert more[:trials] == fewer
    assert fewer[0].values == KNOBS["adamw"].values
    assert fewer[0].schedule == "cosine"


def test_another_seed_draws_others() -> None:
    one, other = (draw(KNOBS["lion"], ["cosine"], 3, seed) for seed in (0, 1))
    assert one[0] == other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize("name", KNOBS)
def test_factors_spread_evenly_on_a_log_scale(name: str) -> None:
    knobs = KNOBS[name]
    drawn = draw(knobs, SCHEDULES, 2001, 0)[1:]
    for constant in ("rate", "decay"):
        factors = [each.values[constant] / knobs.values[constant] for each in drawn]
        powers = [math.log2(factor) for factor in factors]
        assert -5.01 < min(powers) < -4.9
        assert 4.9 < max(powers) < 5.01
        assert abs(math.fsum(powers) / len(powers)) < 0.2
    lacks = [1.0 - each.values["beta1"] for each in drawn]
    own = 1.0 - knobs.values["beta1"]
    assert own / 10.1 < min(lacks) < own / 9.0
    assert 0.9 < max(lacks) < 0.951
    for each in SCHEDULES:
        assert 500 < sum(one.schedule == each for one in drawn) < 850


def test_two_optimizers_get_the_same_factors() -> None:
    pairs = zip(*(draw(knobs, ["cosine"], 30, 5) for knobs in KNOBS.values()))  # noqa: B905
    for adamw, lion in pairs:
        for name in ("rate", "decay"):
            one = adamw.values[name] / KNOBS["adamw"].values[name]
            other = lion.values[name] / KNOBS["lion"].values[name]
            assert one == pytest.approx(other, rel=2e-2)  # three digits are kept


def test_the_edge_is_told() -> None:
    knobs = KNOBS["adamw"]
    own = dict(knobs.values)
    assert at_the_edge(knobs, own) == []
    assert at_the_edge(knobs, {**own, "rate": 31.0 * own["rate"]}) == ["rate"]
    assert at_the_edge(knobs, {**own, "beta2": 0.99989}) == ["beta2"]
