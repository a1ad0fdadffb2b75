"""Limits: no child breaks them, there is a way down to them, and no result does."""

from __future__ import annotations

import pytest

from dsl import parse, prune
from dsl.library import program_names, read_program
from evosearch.errors import InputError
from evosearch.limits import (
    RATE_NOT_LAST,
    TOO_MANY_STATES,
    Limits,
    rate_is_last_factor,
    require_within,
)
from tests.searching import Run, Start, config, timeless

ADAMW = parse(read_program("adamw"))


def is_last(*statements: str, outputs: str = "u, m") -> bool:
    lines = [f"    {line}\n" for line in (*statements, f"return {outputs}")]
    return rate_is_last_factor(
        prune(parse(f"def train(w, g, m, lr):\n{''.join(lines)}"))
    )


@pytest.mark.parametrize(
    "statements",
    [
        ["u = g * lr"],
        ["u = lr * g"],
        ["lr = lr * 0.1", "u = g * lr"],
        ["u = g * lr", "u = u * 0.1"],
        ["m = interp(g, m, 0.9)", "n = norm(m)", "u = g * lr", "u = n * u"],
        ["u = g * lr", "m = cosh(u)"],  # dead: m is read by nothing that is live
        ["x = sin(lr)", "u = g * lr"],  # dead, too
        ["d = w * 0.1", "u = g + d", "u = u * lr"],
    ],
)
def test_a_rate_that_is_a_factor_alone_is_the_last(statements: list[str]) -> None:
    assert is_last(*statements)


@pytest.mark.parametrize(
    "statements",
    [
        ["u = g * 0.1"],
        ["u = g / lr"],
        ["u = g * lr", "u = u * lr"],
        ["s = sqrt(lr)", "u = g * s"],
        ["u = g * lr", "d = w * 0.1", "u = u + d"],
        ["u = g * lr", "u = -u"],
        ["m = interp(g, m, lr)", "u = m * lr"],
        ["m = m * 0.9", "u = g * lr", "m = m + u", "u = m * lr"],
        ["u = m * 1.0", "m = g * lr"],
        ["u = m * lr", "m = g * lr"],
        ["a = g * lr", "b = w * lr", "u = a * b"],
        ["lr = cos(1.0)", "u = g * lr"],
    ],
)
def test_a_rate_that_is_more_or_less_than_a_factor_is_not(
    statements: list[str],
) -> None:
    assert not is_last(*statements)


def test_the_known_optimizers_but_three_have_their_rate_last() -> None:
    found = {
        name
        for name in program_names()
        if not rate_is_last_factor(prune(parse(read_program(name))))
    }
    # LARS keeps the rate in its momentum.
    assert found == {"lars", "paper/program8"}


def test_a_seed_with_another_rate_is_refused() -> None:
    lars = parse(read_program("lars"))
    require_within(Limits(), lars)
    require_within(Limits(max_states=0, rate_is_last=True), ADAMW)
    with pytest.raises(InputError, match=r"^search\.rate: last, but .* x \* lr, or"):
        require_within(Limits(rate_is_last=True), lars)


@pytest.mark.parametrize(
    ("most", "before", "states", "reason"),
    [
        (None, 0, 3, None),
        (2, 0, 2, None),
        (2, 2, 3, TOO_MANY_STATES),
        (1, 3, 3, TOO_MANY_STATES),
        (1, 3, 2, None),
        (1, 2, 2, TOO_MANY_STATES),
        (0, 2, 0, None),
    ],
)
def test_above_the_limit_there_is_only_a_way_down(
    most: int | None, before: int, states: int, reason: str | None
) -> None:
    names = [f"s{index}" for index in range(states)]
    header = ", ".join(["w", "g", *names, "lr"])
    total = " + ".join(["g", *names])
    outputs = ", ".join([f"({total}) * lr", *names])
    program = prune(parse(f"def train({header}):\n    return {outputs}\n"))
    assert len(program.states) == states
    assert Limits(max_states=most).broken(program, before) == reason


@pytest.fixture(scope="module", params=[(1, "last"), (0, "anywhere"), (2, "last")])
def run(start_once: Start, request: pytest.FixtureRequest) -> Run:
    """A run with limits, of which the first two are below what its seed has."""
    most, rate = request.param
    limits = {"max_states": most, "rate": rate, "population": 20}
    return start_once(config(search=limits), name=f"{most}.sqlite").go()


def test_every_child_keeps_to_the_limits(run: Run) -> None:
    limits = run.search._breeding.limits
    assert limits.max_states is not None
    states = {row.number: row.states for row in [run.search.seed_row, *run.rows]}
    for row in run.rows:
        assert row.parent is not None
        pruned = prune(parse(row.text))
        assert len(pruned.states) == row.states
        assert row.states <= max(limits.max_states, states[row.parent] - 1)
        assert rate_is_last_factor(pruned) or not limits.rate_is_last
    # The way down has been gone at the end: age removes who stands on it.
    assert {row.states for row in run.rows[-50:]} <= set(range(limits.max_states + 1))


def test_what_breaks_a_limit_is_counted_and_not_trained(run: Run) -> None:
    limits = run.search._breeding.limits
    # From two states no mutation leads to three: the header is the seed's.
    few = limits.max_states is not None and limits.max_states < 2
    assert (run.counts.rejected[TOO_MANY_STATES] > 0) == few
    assert (run.counts.rejected[RATE_NOT_LAST] > 0) == limits.rate_is_last
    assert run.counts.made == len(run.rows) == 150
    assert not {row.outcome for row in run.rows} & {TOO_MANY_STATES, RATE_NOT_LAST}


def test_no_result_breaks_a_limit(run: Run) -> None:
    limits = run.search._breeding.limits
    best = [row for row in run.store.best(1000) if row.outcome == "ok"]
    assert len(best) > 10
    assert not [row for row in best if limits.exceeds(row.states)]
    assert (run.search.seed_row.reason != "") == limits.exceeds(2)
    assert run.search.seed_row.outcome == "ok"
    for row in run.rows:
        kept = (row.outcome, row.reason) == ("ok", "")
        assert kept == (row.outcome == "ok" and not limits.exceeds(row.states))


def test_the_seed_stands_where_nothing_else_does(start: Start) -> None:
    run = start(config(search={"max_states": 1}))
    assert [row.number for row in run.store.best(10)] == [0]
    assert run.search.seed_row.reason == (
        "has 2 live states and search.max_states is 1"
    )


def test_a_limited_run_goes_on_as_if_it_had_not_been_stopped(start: Start) -> None:
    settings = config(search={"max_states": 1, "rate": "last"})
    whole = start(settings).go()
    for number in (1, 70):
        name = f"stopped{number}.sqlite"
        stopped = start(settings, name=name).go(number)
        stopped.store.commit()
        resumed = start(settings, name=name).go()
        assert list(map(timeless, resumed.rows)) == list(map(timeless, whole.rows))
        assert resumed.counts.rejected == whole.counts.rejected
