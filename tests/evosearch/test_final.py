"""The final comparison: which trainings it orders, whom it chooses, what it says."""

import json
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from dsl import digest, parse
from dsl.library import read_program
from evosearch.errors import InputError
from evosearch.evaluate import Job
from evosearch.final import Comparison, Final, choose_and_compare
from evosearch.fitness import TEST_SEEDS_FROM, VALIDATION_SEEDS_FROM
from evosearch.meta_validation import MetaResult
from evosearch.rows import ProgramRow, Split
from evosearch.search import Problem
from evosearch.summary import summarise
from evosearch.train import TEST, VALIDATION, Outcome, Training
from tests.searching import REFERENCE as SEED
from tests.searching import Oracle, Run, Start, config, invented

LION = digest(parse(read_program("lion")))
CANDIDATES, VALIDATION_SEEDS, TEST_SEEDS = 12, 3, 5
VALIDATED = range(VALIDATION_SEEDS_FROM, VALIDATION_SEEDS_FROM + VALIDATION_SEEDS)
TESTED = range(TEST_SEEDS_FROM, TEST_SEEDS_FROM + TEST_SEEDS)
FINAL = {
    "candidates": CANDIDATES,
    "validation_seeds": VALIDATION_SEEDS,
    "test_seeds": TEST_SEEDS,
    "front": False,
}
FAILURES = [
    Training(Outcome.DIVERGED, math.nan, (0.5,), 1, 0.0),
    Training(Outcome.DIVERGED, math.inf, (0.5, 0.5), 4, 0.0),
    Training(Outcome.IMPLAUSIBLE, -9.0, (0.5, 0.5), 4, 0.0),
]
Evaluate = Callable[[Job], Training]


@dataclass(frozen=True)
class Judged:
    """A search that has ended, its final comparison and the jobs of that alone."""

    run: Run
    final: Final
    jobs: list[Job]

    @property
    def candidates(self) -> list[ProgramRow]:
        return self.run.store.best(CANDIDATES)

    @property
    def chosen(self) -> str:
        return self.final.chosen.digest


def judge(
    start: Start, evaluate: Evaluate = invented, reference: str = "adamw", **parts: Any
) -> Judged:
    settings = config(**{"final": FINAL, **parts})
    oracle = Oracle(evaluate)
    run = start(settings, oracle).go()
    before = len(oracle.seen)
    seed, other = (parse(read_program(name)) for name in ("adamw", reference))
    final = choose_and_compare(
        Problem(settings, seed, other), run.ledger, lambda *_: None, lambda: False
    )
    assert final is not None
    return Judged(run, final, oracle.seen[before:])


def failing(
    digest: str, seed: int, failure: Training, evaluate: Evaluate = invented
) -> Evaluate:
    """The same results, but for one program on one data seed."""
    return lambda job: (
        failure if (job.digest, job.seed) == (digest, seed) else evaluate(job)
    )


def loss(
    digest: str, task: int, seed: int, split: Split, evaluate: Evaluate = invented
) -> float:
    training = evaluate(Job(digest, "", task, seed, split))
    assert training.outcome is Outcome.OK
    return training.loss


def validation_fitness(
    row: ProgramRow, reference: str = SEED, tasks: int = 1, prices: Any = (0.0, 0.0)
) -> float:
    """By another road than the search's."""
    ratios = [
        loss(row.digest, task, seed, VALIDATION)
        / loss(reference, task, seed, VALIDATION)
        for seed in VALIDATED
        for task in range(tasks)
    ]
    return statistics.mean(ratios) - 1.0 + prices[0] * row.states + prices[1] * row.live


@pytest.mark.parametrize("tasks", [1, 2])
@pytest.mark.parametrize(("reference", "known"), [("adamw", SEED), ("lion", LION)])
def test_the_jobs_are_those_of_fresh_seeds(
    start: Start, tasks: int, reference: str, known: str
) -> None:
    judged = judge(start, reference=reference, tasks=tasks)
    candidates = {row.digest for row in judged.candidates}
    assert len(candidates) == CANDIDATES
    assert judged.chosen != SEED
    validated = {
        (digest, task, seed, VALIDATION)
        for digest in {known, *candidates}
        for task in range(tasks)
        for seed in VALIDATED
    }
    tested = {
        (digest, task, seed, TEST)
        for digest in (judged.chosen, SEED)
        for task in range(tasks)
        for seed in TESTED
    }
    ordered = [(job.digest, job.task, job.seed, job.split) for job in judged.jobs]
    assert set(ordered[: len(validated)]) == validated
    assert set(ordered[len(validated) :]) == tested
    assert len(ordered) == len(validated) + len(tested)
    assert all(digest(parse(job.text)) == job.digest for job in judged.jobs)
    searched = {job.seed for job in judged.run.executor.seen} - {*VALIDATED, *TESTED}
    assert max(searched) < VALIDATION_SEEDS_FROM


@pytest.mark.parametrize("tasks", [1, 2])
@pytest.mark.parametrize(("reference", "known"), [("adamw", SEED), ("lion", LION)])
def test_the_chosen_is_the_best_on_validation_seeds(
    start: Start, tasks: int, reference: str, known: str
) -> None:
    judged = judge(start, reference=reference, tasks=tasks)
    fitness = {
        row.digest: validation_fitness(row, known, tasks) for row in judged.candidates
    }
    assert judged.chosen == min(fitness, key=fitness.__getitem__)
    assert judged.chosen != judged.candidates[0].digest
    assert judged.final.chosen in judged.run.rows
    found = judged.final.validation_fitness
    assert found == pytest.approx(fitness[judged.chosen])


@pytest.mark.parametrize("prices", [(0.1, 0.0), (0.0, 0.02)])
def test_prices_count_in_the_choice(start: Start, prices: tuple[float, float]) -> None:
    state, statement = prices
    priced = {"state_price": state, "statement_price": statement}
    judged = judge(start, fitness=priced, seed=8)
    fitness, unpriced = (
        {row.digest: validation_fitness(row, prices=at) for row in judged.candidates}
        for at in (prices, (0.0, 0.0))
    )
    assert judged.chosen == min(fitness, key=fitness.__getitem__)
    assert judged.chosen != min(unpriced, key=unpriced.__getitem__)
    found = judged.final.validation_fitness
    assert found == pytest.approx(fitness[judged.chosen])


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("seed", VALIDATED)
def test_who_fails_on_one_validation_seed_is_not_chosen(
    start: Start, seed: int, failure: Training
) -> None:
    def good_reference(job: Job) -> Training:
        """Better than all: every fitness on validation seeds is far above 0."""
        here = job.digest == SEED and job.seed in VALIDATED
        return replace(invented(job), loss=0.1) if here else invented(job)

    def sum_of_losses(row: ProgramRow) -> float:
        return sum(loss(row.digest, 0, each, VALIDATION) for each in VALIDATED)

    best = judge(start, good_reference).chosen
    judged = judge(start, failing(best, seed, failure, good_reference))
    rest = [row for row in judged.candidates if row.digest != best]
    assert len(rest) == CANDIDATES - 1
    assert judged.chosen == min(rest, key=sum_of_losses).digest
    assert judged.final.validation_fitness > 1.0
    tested = {job.digest for job in judged.jobs if job.split == TEST}
    assert tested == {judged.chosen, SEED}


@pytest.mark.parametrize(
    "failure", [*FAILURES, Training(Outcome.OK, 0.0, (0.5, 0.5), 4, 0.0)]
)
@pytest.mark.parametrize(("reference", "known"), [("adamw", SEED), ("lion", LION)])
def test_a_reference_that_fails_on_a_validation_seed_is_refused(
    start: Start, reference: str, known: str, failure: Training
) -> None:
    with pytest.raises(InputError, match=r"quadratic\.py.*the reference program"):
        judge(start, failing(known, VALIDATED[-1], failure), reference)


def mean_error(values: list[float]) -> tuple[float, float]:
    return statistics.mean(values), statistics.stdev(values) / math.sqrt(len(values))


@pytest.mark.parametrize("tasks", [1, 2])
@pytest.mark.parametrize("gain", [1.0, -1.0])
def test_the_comparison_is_paired_by_seed_and_positive_is_better(
    start: Start, tasks: int, gain: float
) -> None:
    """A data seed's luck is large, shared by all programs and gone from the gain."""

    def evaluate(job: Job) -> Training:
        training = invented(job)
        if training.outcome is not Outcome.OK or job.split != TEST:
            return training
        luck = 20.0 * invented(replace(job, digest=SEED, task=0)).loss
        level = 5.0 * job.task + (gain if job.digest == SEED else 0.0)
        return replace(training, loss=0.1 * training.loss + luck + level)

    # Of another reference: the seed program is what the chosen one is compared with.
    judged = judge(start, evaluate, "lion", tasks=tasks)
    ours, theirs = (
        [
            statistics.mean(
                loss(program, task, seed, TEST, evaluate) for task in range(tasks)
            )
            for seed in TESTED
        ]
        for program in (judged.chosen, SEED)
    )
    gains = [b - a for a, b in zip(ours, theirs, strict=True)]
    found = judged.final.comparison
    assert found.seeds == TEST_SEEDS
    assert (found.mean, found.error) == pytest.approx(mean_error(ours), rel=1e-9)
    seed_program = (found.seed_mean, found.seed_error)
    assert seed_program == pytest.approx(mean_error(theirs), rel=1e-9)
    assert (found.gain, found.gain_error) == pytest.approx(mean_error(gains), rel=1e-6)
    assert found.gain == pytest.approx(gain, abs=0.1)
    assert found.gain_error < 0.1 * min(found.error, found.seed_error)


def summary_of(judged: Judged) -> dict[str, Any]:
    """As a reader of strict JSON has it."""
    summary = summarise(
        run="",
        counts=judged.run.counts,
        trajectory=judged.run.trajectory,
        seed_fitness=judged.run.search.seed_fitness,
        seconds=0.0,
        best=judged.final.chosen,
        final=judged.final,
        meta=MetaResult(),
    )
    return dict(json.loads(json.dumps(summary, allow_nan=False)))


OURS = {"mean": "fresh_mean", "error": "fresh_stderr"}
THEIRS = {"seed_mean": "seed_fresh_mean", "seed_error": "seed_fresh_stderr"}
GAIN = {"gain": "fresh_gain", "gain_error": "fresh_gain_stderr"}


def numbers(found: Comparison, summary: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Each number of a comparison, beside what the summary says."""
    said = {**summary["best"], **summary}
    names = (OURS | THEIRS | GAIN).items()
    return {name: (getattr(found, name), said[key]) for name, key in names}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("who", ["chosen", "seed"])
def test_who_fails_on_a_test_seed_has_no_mean_and_no_gain(
    start: Start, who: str, failure: Training
) -> None:
    chosen = judge(start).chosen
    program, lost = (chosen, OURS) if who == "chosen" else (SEED, THEIRS)
    judged = judge(start, failing(program, TESTED[1], failure))
    assert judged.chosen == chosen
    found = numbers(judged.final.comparison, summary_of(judged))
    for name, (value, said) in found.items():
        assert math.isnan(value) == (name in lost | GAIN)
        assert said == (None if math.isnan(value) else value)


def test_a_stopped_comparison_goes_on_where_it_was(start: Start) -> None:
    whole = judge(start)
    settings = config(final=FINAL)
    run, seed = start(settings).go(), parse(read_program("adamw"))
    problem = Problem(settings, seed, seed)
    for allowed in (0, 3, CANDIDATES):
        told: list[str] = []
        stopped = partial(lambda told, most: len(told) >= most, told, allowed)
        watch = partial(lambda told, what, *_: told.append(what), told)
        assert choose_and_compare(problem, run.ledger, watch, stopped) is None
        assert len(told) == allowed
        assert not any(job.split == TEST for job in run.executor.seen)
    final = choose_and_compare(problem, run.ledger, lambda *_: None, lambda: False)
    assert final is not None
    assert final.chosen.number == whole.final.chosen.number
    assert replace(final, chosen=whole.final.chosen) == whole.final
