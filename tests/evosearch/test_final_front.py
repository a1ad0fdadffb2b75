"""After the choice the smaller programs of the search's front are trained too."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from dsl import parse, unparse
from dsl.library import read_program
from dsl.prune import prune
from evosearch.begun import require_same_problem
from evosearch.config import Config
from evosearch.errors import InputError
from evosearch.evaluate import Job
from evosearch.final import Final, choose_and_compare, search_front
from evosearch.fitness import VALIDATION_SEEDS_FROM, mean_and_error
from evosearch.report.front import front_told
from evosearch.rows import ProgramRow
from evosearch.search import Problem
from evosearch.train import TEST, VALIDATION, Outcome
from tests.searching import REFERENCE, Run, Start, config, invented

CANDIDATES, SEEDS = 6, 3
VALIDATED = range(VALIDATION_SEEDS_FROM, VALIDATION_SEEDS_FROM + SEEDS)
PRICES = {"state_price": 0.05, "statement_price": 0.01}
Point = tuple[float, int, int]


def settings(**final: Any) -> Config:
    keys = {"candidates": CANDIDATES, "validation_seeds": SEEDS, "test_seeds": 4}
    return config(300, final={**keys, **final}, fitness=PRICES)


def problem(settings: Config) -> Problem:
    seed = parse(read_program("adamw"))
    return Problem(settings, seed, seed)


def searched(start: Start, settings: Config) -> Run:
    run = start(settings).go()
    require_same_problem(run.store, problem(settings), run.ledger.tasks)
    return run


def judge(
    run: Run, settings: Config, stopped: Callable[[], bool] = lambda: False
) -> Final | None:
    return choose_and_compare(problem(settings), run.ledger, lambda *_: None, stopped)


def distinct(run: Run) -> list[ProgramRow]:
    """The last row of each program that trains, by another road than the store's."""
    last = {row.twin or row.digest: row for row in run.store.programs()}
    return [row for row in last.values() if row.outcome == "ok"]


def point(row: ProgramRow) -> Point:
    price = PRICES["state_price"] * row.states + PRICES["statement_price"] * row.live
    assert row.fitness is not None
    return row.fitness - price, row.states, row.live


def undominated(points: dict[int, tuple[float, ...]]) -> set[int]:
    """Numbers of those that no other is as good as everywhere and better somewhere."""
    return {
        number
        for number, mine in points.items()
        if not any(
            other != mine and all(a <= b for a, b in zip(other, mine, strict=True))
            for other in points.values()
        )
    }


def loss(digest: str, seed: int) -> float:
    training = invented(Job(digest, "", 0, seed, VALIDATION))
    return training.loss if training.outcome is Outcome.OK else math.nan


def fresh(row: ProgramRow) -> list[float]:
    base = [loss(REFERENCE, seed) for seed in VALIDATED]
    ours = [loss(row.digest, seed) for seed in VALIDATED]
    return [(a - b) / b for a, b in zip(ours, base, strict=True)]


def made_up_time(program: Any) -> float:
    """In quarters, so that some are equal in tenths and most are not."""
    return len(unparse(program)) % 17 / 4.0


def test_the_front_of_a_search_is_that_of_brute_force(start: Start) -> None:
    run = searched(start, settings())
    found = [row.number for row in search_front(run.store, settings())]
    expected = undominated({row.number: point(row) for row in distinct(run)})
    assert set(found) == expected
    assert len(found) > CANDIDATES // 2


@pytest.mark.parametrize("candidates", [1, 6, 30])
def test_smaller_programs_are_trained_last_and_change_nothing(
    start: Start, candidates: int
) -> None:
    without = settings(front=False, candidates=candidates)
    asked = settings(candidates=candidates)
    runs = [searched(start, each) for each in (without, asked)]
    before = judge(runs[0], without)
    after = judge(runs[1], asked)
    assert before is not None
    assert after is not None
    assert after.chosen.digest == before.chosen.digest
    assert after.comparison == before.comparison
    jobs, more = (run.executor.seen for run in runs)
    assert more[: len(jobs)] == jobs
    validated = {row.number for row in runs[1].store.best(candidates)}
    rows = [
        row for row in search_front(runs[1].store, asked) if row.number not in validated
    ][: candidates // 2]
    expected = {(row.digest, seed, VALIDATION) for row in rows for seed in VALIDATED}
    ordered = [(job.digest, job.seed, job.split) for job in more[len(jobs) :]]
    assert set(ordered) == expected
    assert len(ordered) == len(rows) * SEEDS <= candidates // 2 * SEEDS
    assert (len(rows) > 0) == (candidates > 1)


def test_a_stop_among_the_smaller_programs_is_gone_on_from(start: Start) -> None:
    asked = settings()
    whole, run = searched(start, asked), searched(start, asked)
    final = judge(whole, asked)
    tested = [job for job in whole.executor.seen if job.split == TEST]

    def stopped() -> bool:
        return sum(job.split == TEST for job in run.executor.seen) == len(tested)

    assert judge(run, asked, stopped) is None
    again = judge(run, asked)
    assert again is not None
    assert final is not None
    assert again.comparison == final.comparison
    assert run.executor.seen == whole.executor.seen


@pytest.mark.parametrize("by_time", [False, True])
def test_the_front_of_a_run_is_that_of_brute_force(start: Start, by_time: bool) -> None:
    asked = settings(candidates=20)
    run = searched(start, asked)
    assert judge(run, asked) is not None
    timed: list[Any] = []

    def step_time(program: Any) -> float:
        timed.append(program)
        return made_up_time(program)

    told = front_told(run.store, asked, step_time, by_time=by_time)
    judged = {job.digest for job in run.executor.seen if job.seed in VALIDATED}
    rows = {row.number: row for row in distinct(run) if row.digest in judged}
    assert len(rows) > 20, "smaller ones too"
    holding = {n: r for n, r in rows.items() if not any(map(math.isnan, fresh(r)))}
    points: dict[int, tuple[float, ...]] = {}
    for number, row in holding.items():
        time = made_up_time(prune(parse(row.text)))
        times = (round(time, 1),) if by_time else ()
        points[number] = (sum(fresh(row)) / SEEDS, row.states, row.live, *times)
    assert {each["number"] for each in told} == undominated(points)
    assert 2 < len(told) < len(points)
    assert len(timed) == (len(holding) if by_time else 0)
    assert told == sorted(told, key=lambda each: each["fitness"])
    for each in told:
        row = rows[each["number"]]
        mean, error = mean_and_error(fresh(row))
        assert each["fitness"] == pytest.approx(mean)
        assert each["stderr"] == pytest.approx(error)
        program = prune(parse(row.text))
        assert each["program"] == unparse(program)
        assert each["step_time"] == (made_up_time(program) if by_time else None)
        assert (each["states"], each["statements"], each["seeds"]) == (
            len(program.states),
            len(program.statements),
            SEEDS,
        )


def test_a_run_that_has_not_ended_is_shown_by_its_search_fitness(start: Start) -> None:
    asked = settings()
    run = searched(start, asked)
    told = front_told(run.store, asked, made_up_time, by_time=False)
    rows = {row.number: row for row in distinct(run)}
    points = {number: point(row) for number, row in rows.items()}
    assert {each["number"] for each in told} == undominated(points)
    for each in told:
        assert each["fitness"] == points[each["number"]][0]
        assert (each["seeds"], each["stderr"]) == (0, None)
    with pytest.raises(InputError, match="has not ended"):
        front_told(run.store, asked, made_up_time, by_time=True)
    # More candidates are asked for than were trained: nor has that run ended.
    judge(run, asked)
    larger = settings(candidates=2 * CANDIDATES + 10)
    told = front_told(run.store, larger, made_up_time, by_time=False)
    assert {each["seeds"] for each in told} == {0}
