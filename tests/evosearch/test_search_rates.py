"""A new structure is trained at several rates and enters with the best of them."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import digest, fingerprint, parse, prune
from dsl.structure import structure
from evosearch.config import Config
from evosearch.evaluate import Job
from evosearch.genome import genome_of
from evosearch.rates import at_rates
from evosearch.rows import ProgramRow
from evosearch.train import Outcome, Training
from tests.searching import (
    REFERENCE,
    STEPS,
    Oracle,
    Run,
    Shuffling,
    Start,
    came_of,
    config,
    invented,
    stopped_and_taken_up,
)

RATES = [0.3, 1, 3]


def settings(programs: int | None = 150, **sections: dict) -> Config:
    search = {**sections.pop("search", {}), "rates": RATES}
    return config(programs, search=search, **sections)


@pytest.fixture(scope="module")
def whole(start_once: Start) -> Run:
    """A run that nothing disturbed."""
    return start_once(settings()).go()


def loss(digest: str) -> float | None:
    """The mean relative loss that the oracle invents, if all goes well."""
    done = [invented(job(digest, seed)) for seed in range(2)]
    if any(each.outcome != "ok" for each in done):
        return None
    others = [invented(job(REFERENCE, seed)) for seed in range(2)]
    return sum(each.loss / o.loss for each, o in zip(done, others, strict=True))


def job(digest: str, seed: int) -> Job:
    return Job(digest, "", 0, seed, "validation")


def every(run: Run) -> list[ProgramRow]:
    return [run.search.seed_row, *run.rows]


def test_what_enters_is_what_the_row_says(whole: Run) -> None:
    for row in every(whole):
        program = parse(row.text)
        assert row.digest == digest(program)
        assert row.structure == structure(program)
        assert row.fingerprint == fingerprint(program)
        assert (row.live, row.states) == (
            len(prune(program).statements),
            len(prune(program).states),
        )


def test_new_structures_alone_are_rated(whole: Run) -> None:
    seen = {whole.search.seed_row.structure}
    for row in whole.rows:
        if row.rate is not None:
            assert row.structure not in seen
            assert row.twin is None
        elif row.structure not in seen:
            assert row.twin is not None, "what it computes was rated before"
        seen.add(row.structure)
    assert {row.rate for row in whole.rows} == {None, *RATES}


def test_the_best_rate_enters(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another road: from what the oracle invents for all made of a child."""
    made = []

    def watched(*arguments: Any) -> Any:
        made.append(at_rates(*arguments))
        return made[-1]

    monkeypatch.setattr("evosearch.search.at_rates", watched)
    # Data seeds that stay: what is known of a program is always the same.
    run = start(settings(fitness={"rotate": 0, "seeds": 2})).go()
    rated = [row for row in run.rows if row.rate is not None]
    assert len(rated) == len(made) > 20
    for row, programs in zip(rated, made, strict=True):
        losses = {each.rate: loss(each.genome.digest) for each in programs}
        fit = {rate: found for rate, found in losses.items() if found is not None}
        assert row.rate == (min(fit, key=fit.__getitem__) if fit else 1.0)
        digests = {each.rate: each.genome.digest for each in programs}
        assert row.digest == digests[row.rate]


def test_of_equal_rates_that_as_it_was_bred_enters(start: Start) -> None:
    def alike(job: Job) -> Training:
        return Training(Outcome.OK, 1.0, (1.0, 1.0), STEPS, 0.0)

    run = start(settings(60), Oracle(alike)).go()
    assert {row.rate for row in run.rows} == {None, 1.0}


def test_each_rate_is_an_evaluation_and_all_its_steps_count(start: Start) -> None:
    oracle = Oracle()
    run = start(settings(), oracle).go()
    jobs = [job for job in oracle.seen if job.digest != REFERENCE]
    assert run.counts.steps == sum(invented(job).steps for job in jobs)
    assert run.counts.steps == sum(row.steps for row in run.rows)
    programs = {(job.digest, job.seed // 2) for job in jobs}
    assert run.counts.evaluated == len(programs)
    assert run.counts.evaluated > run.counts.made - run.counts.duplicates
    assert max(row.evaluations for row in run.rows) == len(RATES)
    assert all(row.steps <= row.evaluations * 2 * STEPS for row in run.rows)


@pytest.mark.parametrize("limit", [1, 20, 50])
def test_a_budget_of_evaluations_ends_within_a_child(start: Start, limit: int) -> None:
    run = start(settings(None, budget={"evaluations": limit})).go()
    assert limit <= run.counts.evaluated < limit + len(RATES)


@pytest.mark.parametrize("hurdles", [{}, {"quantile": 0.6, "history": 10}])
def test_the_order_of_results_does_not_matter(start: Start, hurdles: dict) -> None:
    expected = start(settings(hurdles=hurdles)).go()
    for seed in range(2):
        other = start(settings(hurdles=hurdles), Shuffling(seed)).go()
        assert came_of(other) == came_of(expected)


@pytest.mark.parametrize("hurdles", [{}, {"quantile": 0.6, "history": 10}])
@pytest.mark.parametrize("stop", [0, 39, 149])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    start: Start, stop: int, hurdles: dict
) -> None:
    asked = settings(hurdles=hurdles)
    whole = start(asked).go()
    second = stopped_and_taken_up(start, asked, stop)
    assert came_of(second) == came_of(whole)
    assert list(second.store.programs(first=1)) == second.rows


def test_dead_statements_are_kept_and_room_is_made() -> None:
    text = """\
def train(w, g, lr):
    dead = g + g
    also = dead * w
    u = sign(g)
    return u
"""
    genome = genome_of(parse(text))
    free = at_rates(genome, RATES, 100)
    assert [each.rate for each in free] == RATES
    assert [len(each.genome.program.statements) for each in free] == [4, 3, 4]
    tight = at_rates(genome, RATES, 3)
    assert [len(each.genome.program.statements) for each in tight] == [3, 3, 3]
    assert [each.genome.digest for each in tight] == [e.genome.digest for e in free]
    assert at_rates(genome_of(genome.pruned), RATES, 1) == (
        (1.0, genome_of(genome.pruned)),
    )


def test_one_rate_alone_is_the_search_without(start: Start) -> None:
    run = start(config(search={"rates": [1]})).go(50)
    assert all(row.structure is row.rate is None for row in every(run))
    assert run.trajectory == start(config()).go(50).trajectory
