"""The search has one trajectory, however results arrive and wherever it is resumed."""

import math
from dataclasses import replace

import pytest

from evosearch.errors import InputError
from evosearch.evaluate import Job
from evosearch.train import Training
from evosearch.workers import Inline
from tests.searching import (
    Oracle,
    Run,
    Shuffling,
    Start,
    came_of,
    config,
    final_counts,
    timeless,
)


@pytest.fixture(scope="module")
def whole(start_once: Start) -> Run:
    """A run that nothing disturbed, of the config that the tests below have."""
    return start_once(config()).go()


@pytest.mark.parametrize("tasks", [1, 2])
def test_the_order_of_results_does_not_matter(start: Start, tasks: int) -> None:
    settings = config(tasks=tasks)
    expected = start(settings).go()
    for seed in range(3):
        other = start(settings, Shuffling(seed)).go()
        assert list(map(timeless, other.rows)) == list(map(timeless, expected.rows))
        assert other.trajectory == expected.trajectory
        assert final_counts(other.counts) == final_counts(expected.counts)


def test_a_trajectory_belongs_to_its_seed_and_window(start: Start) -> None:
    sections = ({}, {"seed": 2}, {"search": {"window": 1}}, {"search": {"window": 30}})
    found = [start(config(**each)).go().trajectory for each in sections]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("number", [0, 75, 149])
def test_a_trajectory_holds_every_digest_and_every_bit_of_fitness(
    whole: Run, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before, row = whole.trajectory, whole.rows[number]
    monkeypatch.setattr(whole, "rows", list(whole.rows))
    other = 0.5 if row.fitness is None else math.nextafter(row.fitness, 1.0)
    changed = f"{int(row.digest, 16) ^ 1:032x}"
    found = {before}
    for change in ({"fitness": other}, {"digest": changed}):
        whole.rows[number] = replace(row, **change)
        found.add(whole.trajectory)
    assert len(found) == 3
    whole.rows[number] = replace(row, seconds=row.seconds + 1.0)
    assert whole.trajectory == before


def test_a_window_of_one_waits_for_every_result(start: Start) -> None:
    oracle = Oracle()
    run = start(config(search={"window": 1}), oracle)
    for number in range(1, 60):
        run.go(1)
        assert run.counts.begun == run.counts.made == number
        assert not oracle._jobs


def test_a_window_is_kept_full(start: Start) -> None:
    run = start(config(programs=30, search={"window": 8}))
    made = []
    for _ in range(30):
        run.go(1)
        made.append(run.counts.begun)
    assert made == [min(30, 8 + settled) for settled in range(30)]


@pytest.mark.parametrize("stop", [0, 1, 39, 40, 41, 75, 149, 150])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    start: Start, whole: Run, stop: int
) -> None:
    settings = config()
    first = start(settings, Shuffling(0), name="run").go(stop)
    first.store.commit()
    settled = trained(first)
    first.store.close()
    second = start(settings, Shuffling(1), name="run").go()
    assert list(map(timeless, second.rows)) == list(map(timeless, whole.rows))
    assert second.trajectory == whole.trajectory
    assert final_counts(second.counts) == final_counts(whole.counts)
    assert second.counts.replayed == stop
    stored = list(second.store.programs(first=1))
    assert stored == second.rows
    again = {(job.digest, job.seed) for job in second.executor.seen}
    assert not again & settled


def trained(run: Run) -> set[tuple[str, int]]:
    """Digest and data seed of every training in the store."""
    digests = {row.digest for row in run.store.programs()}
    rows = [row for each in digests for row in run.ledger.trainings(each).values()]
    return {(row.digest, row.seed) for row in rows}


@pytest.mark.parametrize(("committed", "lost"), [(0, 20), (30, 1), (37, 12)])
def test_a_killed_run_goes_on_from_its_last_commit(
    start: Start, whole: Run, committed: int, lost: int
) -> None:
    settings = config()
    first = start(settings, name="run").go(committed)
    first.store.commit()
    first.go(lost)
    first.store.close()
    second = start(settings, name="run").go()
    assert second.counts.replayed == committed
    assert came_of(second) == came_of(whole)


def test_a_run_may_be_resumed_with_a_larger_budget(start: Start, whole: Run) -> None:
    first = start(config(60), name="run").go()
    first.stop()
    second = start(config(150), name="run").go()
    # The last window of the smaller budget is settled as it was made: all agrees.
    assert second.trajectory == whole.trajectory


def test_the_seconds_of_a_resumed_run_count_on(start: Start) -> None:
    first = start(config(), name="run").go(60)
    before = first.rows[-1].seconds
    first.stop()
    second = start(config(), name="run").go()
    assert second.search.seconds() > second.rows[60].seconds > before > 0.0


def test_another_search_s_record_is_refused(start: Start) -> None:
    first = start(config(), name="run").go(30)
    first.stop()
    with pytest.raises(InputError, match="another program as number"):
        start(config(seed=2), name="run").go()


@pytest.fixture(scope="module")
def inline() -> Inline:
    """Trains for all tests of this module: the task is compiled once."""
    settings = config()
    return Inline(settings.tasks, settings.training, print)


def test_real_trainings_give_one_trajectory_and_beat_the_seed(
    start: Start, inline: Inline
) -> None:
    settings = config(200, search={"tournament": 5})
    run = start(settings, inline).go()

    def train(job: Job) -> Training:
        inline.submit([job])
        ((_, training),) = inline.collect()
        return training

    other = start(settings, Shuffling(0, train)).go()
    assert other.trajectory == run.trajectory
    assert list(map(timeless, other.rows)) == list(map(timeless, run.rows))
    best = run.store.best(1)[0]
    assert best.fitness is not None
    assert best.fitness < run.search.seed_fitness - 0.1
