"""What a search counts, stores and calls fit, told by another road."""

import pytest

from dsl import digest, parse, prune
from evosearch.errors import InputError
from evosearch.evaluate import Job
from evosearch.fitness import data_seeds
from evosearch.train import Outcome, Training
from tests.searching import REFERENCE, STEPS, Oracle, Shuffling, Start, config, invented


def test_counts_add_up_and_the_store_has_what_was_yielded(start: Start) -> None:
    oracle = Oracle()
    run = start(config(), oracle).go()
    counts = run.counts
    assert counts.twins == sum(
        row.duplicate and row.twin is not None for row in run.rows
    )
    assert counts.made == counts.duplicates + counts.evaluated == len(run.rows) == 150
    assert [row.number for row in run.rows] == list(range(1, 151))
    assert counts.duplicates == sum(row.duplicate for row in run.rows) > 10
    assert counts.outcomes.total() == 150
    assert counts.outcomes["diverged"] > 3
    assert counts.outcomes["implausible"] > 3
    assert list(run.store.programs()) == [run.search.seed_row, *run.rows]
    for row in run.rows:
        program = parse(row.text)
        pruned = prune(program)
        assert row.digest == digest(program)
        assert (row.statements, row.live) == (
            len(program.statements),
            len(pruned.statements),
        )
        assert row.states == len(pruned.states)
        assert 0 <= row.parent < row.number


def test_steps_are_those_of_the_children_that_were_trained(start: Start) -> None:
    oracle = Oracle()
    run = start(config(), oracle).go()
    taken = sum(invented(job).steps for job in oracle.seen if job.digest != REFERENCE)
    assert run.counts.steps == taken


def test_only_children_that_trained_become_parents(start: Start) -> None:
    run = start(config()).go()
    fit = {0} | {row.number for row in run.rows if row.fitness is not None}
    for row in run.rows:
        assert row.parent in fit
        assert (row.fitness is not None) == (row.outcome == "ok")
        assert (row.reason == "") == (row.outcome == "ok")


def test_a_child_s_parent_was_settled_before_it_was_made(start: Start) -> None:
    run = start(config()).go()
    assert all(row.parent <= max(0, row.number - 8) for row in run.rows)
    assert any(row.parent == row.number - 8 for row in run.rows)


def test_members_die_of_age(start: Start) -> None:
    """A parent is one of the last 20 fit children before the window, or the seed."""
    run = start(config()).go()
    population = [0] * 20
    for row in run.rows:
        settled = run.rows[: max(0, row.number - 8)]
        alive = [*population, *(s.number for s in settled if s.fitness is not None)]
        assert row.parent in alive[-20:]


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_a_budget_of_programs_is_kept(start: Start, limit: int) -> None:
    run = start(config(limit)).go()
    assert run.counts.made == len(run.rows) == limit


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_a_budget_of_evaluations_is_kept(start: Start, limit: int) -> None:
    run = start(config(None, budget={"evaluations": limit})).go()
    assert run.counts.evaluated == limit
    assert not run.rows[-1].duplicate


@pytest.mark.parametrize("limit", [1, 100, 500])
def test_a_budget_of_steps_is_kept_but_for_the_window(start: Start, limit: int) -> None:
    run = start(config(None, budget={"steps": limit})).go()
    last_made = 8 * 2 * STEPS
    assert limit <= run.counts.steps < limit + last_made + 1
    assert (
        start(config(None, budget={"steps": limit}), Shuffling(1)).go().trajectory
        == run.trajectory
    )


def test_the_first_limit_ends_the_run(start: Start) -> None:
    both = {"programs": 30, "evaluations": 500, "steps": 10**6}
    assert start(config(None, budget=both)).go().counts.made == 30


@pytest.mark.parametrize("tasks", [1, 2])
@pytest.mark.parametrize("twins", [True, False])
def test_fitness_is_the_mean_over_all_data_seeds_met(
    start: Start, tasks: int, twins: bool
) -> None:
    """By another road: from the invented losses and the numbers of the children."""
    settings = config(
        400,
        tasks=tasks,
        search={"fingerprint": twins},
        fitness={"state_price": 0.01, "statement_price": 0.001},
    )
    run = start(settings).go()
    met: dict[str, set[int]] = {}
    several = 0

    def loss(digest: str, task: int, seed: int) -> float:
        return invented(Job(digest, "", task, seed, "validation")).loss

    for row in run.rows:
        trained = row.twin or row.digest
        seeds = met.setdefault(trained, set())
        now = set(data_seeds(row.number - 1, 2, 40))
        known = now <= seeds or trained == REFERENCE
        assert row.duplicate == known
        seeds |= now
        if trained == REFERENCE:
            continue
        if row.fitness is None:
            continue
        several += len(seeds) > 2
        pairs = [(task, seed) for task in range(tasks) for seed in sorted(seeds)]
        differences = [
            loss(trained, *pair) / loss(REFERENCE, *pair) - 1.0 for pair in pairs
        ]
        price = 0.01 * row.states + 0.001 * row.live
        expected = sum(differences) / len(differences) + price
        assert row.fitness == pytest.approx(expected, rel=1e-9)
    assert several > 5


def test_the_seed_program_is_as_good_as_itself(start: Start) -> None:
    run = start(config(400)).go()
    twins = [row for row in run.rows if row.digest == REFERENCE]
    assert run.search.seed_fitness == 0.0
    assert len(twins) >= 5
    assert all(row.fitness == 0.0 and row.duplicate for row in twins)


def test_without_rotation_the_seeds_stay(start: Start) -> None:
    oracle = Oracle()
    start(config(fitness={"rotate": 0, "seeds": 3}), oracle).go()
    assert {job.seed for job in oracle.seen} == {0, 1, 2}


def test_a_seed_program_that_diverges_is_refused(start: Start) -> None:
    def diverge(job: Job) -> Training:
        return Training(Outcome.DIVERGED, float("nan"), (0.5,), 1, 0.0)

    with pytest.raises(InputError, match="diverged on data seed 0"):
        start(config(), Oracle(diverge))
