"""Programs are told by what they do: by name, with constants, or as unknown."""

from __future__ import annotations

import json
from functools import cache
from random import Random

import numpy as np
import pytest

from dsl import Program, parse, prune, unparse
from dsl.library import program_names, read_program
from evosearch.identify import Identity, Verdict, identify, similarities
from evosearch.identify.known import KNOWN, LION_FAMILY, with_constants
from evosearch.identify.streams import (
    KINDS,
    at_peak,
    made_up,
    recorded,
    to_fit,
    to_judge,
)
from evosearch.identify.updates import updates_of, updates_of_known
from evosearch.mutate import Odds, mutate
from tests.command_line import evosearch

BY_NAME = {known.name: known for known in KNOWN}
QUICK = ("lion", "signum", "adamw_corrected", "momentum", "nesterov", "rmsprop")
SLOW = tuple(name for name in BY_NAME if name not in QUICK)
NAMES = (*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW))


@cache
def of(text: str) -> Identity:
    return identify(parse(text))


def shipped(name: str) -> Identity:
    return of(read_program(name))


def test_every_shipped_program_is_known() -> None:
    papers = {name for name in program_names() if "/" in name}
    assert set(BY_NAME) == set(program_names()) - papers


@pytest.mark.parametrize("name", BY_NAME)
def test_a_row_fits_its_program(name: str) -> None:
    known = BY_NAME[name]
    again = with_constants(known, known.own)
    stream = made_up("drift", 5)
    expected = updates_of(known.program, stream)
    near = pytest.approx(expected, rel=1e-3, abs=1e-3 * np.abs(expected).max())
    assert updates_of(again, stream) == near
    if name == "radam":
        return  # Where its rectifier begins, the eighth digit of beta2 decides.
    values = {name: np.array([value]) for name, value in known.own.items()}
    found = updates_of_known(known, values, [stream])[0, 0]
    assert found == near


@pytest.mark.parametrize("name", NAMES)
def test_a_known_program_is_named(name: str) -> None:
    found = shipped(name)
    best = found.matches[0]
    assert (found.verdict, best.known.name) == (Verdict.IS, name)
    assert best.least > 0.99999
    # LAMB's epsilon is 1e-6 if that of the division is counted.
    assert best.constants == pytest.approx(BY_NAME[name].own, rel=0.011)


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("lion", ["signum", "tiger"]),
        ("adamw_corrected", ["adabelief", "rmsprop", "adam"]),
        ("momentum", ["nesterov", "sgd"]),
        ("nesterov", ["momentum"]),
    ],
)
def test_others_are_told_apart(name: str, others: list[str]) -> None:
    matches = {match.known.name: match for match in shipped(name).matches}
    for other in others:
        assert matches[other].least < 0.99 < matches[name].least


def test_a_special_case_wins_over_what_contains_it() -> None:
    matches = shipped("signum").matches
    assert [match.known.name for match in matches[:2]] == ["signum", "tiger"]
    assert matches[1].similarity == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "constants"),
    [
        ("adamw_corrected", {"beta1": 0.8, "beta2": 0.95, "decay": 0.1, "rate": 0.02}),
        ("lion", {"beta1": 0.95, "beta2": 0.98, "decay": 0.3, "rate": 0.003}),
        ("nesterov", {"beta": 0.97, "rate": 0.004}),
    ],
)
def test_constants_are_recovered(name: str, constants: dict[str, float]) -> None:
    found = identify(with_constants(BY_NAME[name], constants))
    best = found.matches[0]
    assert (found.verdict, best.known.name) == (Verdict.IS, name)
    for key, value in constants.items():
        # The rounding that 1 - beta is known to is what counts of a beta.
        one = 1.0 if key.startswith("beta") else 0.0
        # Signs say of a beta only on which side of some numbers it is.
        assert abs(one - best.constants[key]) == pytest.approx(
            abs(one - value), rel=0.03 if name == "lion" else 1e-3
        )


def test_names_dead_code_and_dead_states_do_not_matter() -> None:
    text = """\
def train(weights, slope, unused, memory, lr, step):
    noise = cosh(memory)
    memory = slope + memory * 0.9
    unused = memory * step
    change = memory * (lr * 0.1)
    return change, unused, memory
"""
    assert of(text) == shipped("momentum")


def test_the_same_seed_gives_the_same_and_another_the_same_name() -> None:
    program = parse(read_program("signum"))
    assert identify(program) == shipped("signum")
    other = identify(program, seed=1)
    assert other.matches[0].known.name == "signum"
    assert other != shipped("signum")


@pytest.mark.parametrize(
    "update",
    [
        "cos(g) * lr",
        "g / norm(g) * lr",
        "-(g * lr)",
        "sign(w) * lr",
        "w * (lr * 0.001)",
        pytest.param("log(square(g) + 0.1) * lr", marks=pytest.mark.slow),
    ],
)
def test_what_is_not_known_is_unknown(update: str) -> None:
    found = of(f"def train(w, g, lr):\n    update = {update}\n    return update\n")
    assert found.verdict is Verdict.UNKNOWN
    assert found.family is None


@pytest.mark.parametrize("update", ["g * 0.0", "g / lr * log(0.0)"])
def test_without_an_update_there_is_nothing_to_compare(update: str) -> None:
    found = of(f"def train(w, g, lr):\n    update = {update}\n    return update\n")
    assert found == Identity(Verdict.UNKNOWN, ())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adam", "lion", "nesterov"])
def test_a_name_given_to_a_mutant_holds_on_fresh_streams(name: str) -> None:
    random = Random(name)
    program = BY_NAME[name].program
    for _ in range(2):
        program = mutate(program, random, Odds(), 40).program
        found = identify(program)
        if found.verdict is not Verdict.IS:
            continue
        best = found.matches[0]
        values = {key: np.array([value]) for key, value in best.constants.items()}
        for kind in KINDS:
            fresh = made_up(kind, 77, 200)
            fresh = at_peak(fresh) if found.at_peak else fresh
            one = updates_of(program, fresh)[None]
            other = updates_of_known(best.known, values, [fresh])[0]
            assert similarities(one, other) > 0.99


def test_program_8_is_of_the_lion_family() -> None:
    found = shipped("paper/program8")
    best = found.matches[0]
    assert (found.family, best.known.name) == (LION_FAMILY, "lion")
    # Not Lion itself: where gradients are large its clip decides.
    assert found.verdict is Verdict.FAMILY
    assert best.similarity > 0.99
    assert best.constants["beta1"] == pytest.approx(0.9, abs=0.06)
    assert best.constants["beta2"] == pytest.approx(0.998, abs=0.003)


def test_similarity_is_symmetric_and_invariant_to_nothing() -> None:
    one = updates_of(BY_NAME["adam"].program, made_up("drift", 3))[None]
    other = updates_of(BY_NAME["nadam"].program, made_up("drift", 3))[None]
    assert similarities(one, one) == pytest.approx(1.0)
    assert similarities(one, -one) == pytest.approx(-1.0)
    assert similarities(one, other) == pytest.approx(similarities(other, one))
    assert similarities(one, 1.1 * one) == pytest.approx(2.2 / 2.21)
    assert similarities(one, one * np.nan) == 0.0
    assert similarities(0.0 * one, 0.0 * one) == 1.0


def test_streams_are_the_same_for_one_seed_and_differ_otherwise() -> None:
    for kind in KINDS:
        one, same, other = made_up(kind, 1), made_up(kind, 1), made_up(kind, 2)
        assert np.array_equal(one.gradients[0], same.gradients[0])
        assert not np.array_equal(one.gradients[0], other.gradients[0])
    assert np.isfinite(recorded("charlm").gradients[0]).all()
    names = {stream.name for stream in to_fit(0)}
    assert names < {stream.name for stream in to_judge(0)} | {"recorded, digits"}


def test_the_command_line() -> None:
    answer = evosearch("identify", "signum")
    assert answer.output.startswith("Signum, with rate 0.0001, beta 0.9 (Signum family")
    told = json.loads(evosearch("identify", "signum", "--json").output)
    assert told["verdict"] == "is"
    assert told["matches"][0]["constants"] == {"rate": 0.0001, "beta": 0.9}


def test_constants_are_put_into_the_text() -> None:
    program: Program = with_constants(BY_NAME["signum"], {"beta": 0.5, "rate": 2.0})
    assert "interp(g, m, 0.5)" in unparse(program)
    assert "lr * 2.0" in unparse(program)


@pytest.mark.parametrize(
    ("name", "schedule"),
    [("lion", "sqrt(lr)"), ("adamw", "lr * lr"), ("momentum", "abs(cos(lr * 40.0))")],
)
def test_a_known_program_with_another_schedule_is_named(
    name: str, schedule: str
) -> None:
    program = prune(parse(read_program(name)))
    header, *body = unparse(program).splitlines()
    text = "\n".join([header, f"    lr = {schedule}", *body])
    found = identify(parse(text))
    assert found.verdict is Verdict.IS
    assert found.at_peak
    assert found.matches[0].known.name == name


def test_a_known_schedule_is_none_of_its_own() -> None:
    assert not shipped("lion").at_peak


def test_constants_of_the_text_are_tried() -> None:
    text = read_program("lion").replace("0.99)", "0.9982)").replace("0.9)", "0.87)")
    (first, *_) = identify(parse(text)).matches
    assert first.similarity > 1.0 - 1e-9
    assert first.constants["beta1"] == pytest.approx(0.87)
    assert first.constants["beta2"] == pytest.approx(0.9982)
