"""The result: the best programs judged again on data seeds the search never used.

One is chosen on validation seeds; it and the seed program are compared on test seeds
(and, if the task has them, test data) that nothing was chosen by. That, not search
fitness, is what a run reports. Then some smaller programs are trained on the validation
seeds, so that a front over fitness and size can be drawn (`evosearch show --front`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from evosearch.config import Config
from evosearch.fitness import (
    TEST_SEEDS_FROM,
    mean_and_error,
    paired_fitness,
)
from evosearch.front import front
from evosearch.ledger import Ledger, Subject, losses, mean_loss
from evosearch.rows import ProgramRow, Split
from evosearch.search import Problem
from evosearch.store import Store
from evosearch.train import TEST, VALIDATION, Outcome
from evosearch.twins import subject_of
from evosearch.validation import prices_of, validation_seeds
from evosearch.verdict import check_reference, verdict
from evosearch.watch import Watch


@dataclass(frozen=True, slots=True)
class Comparison:
    """Test losses of the chosen program and of the seed program, in the task's unit.

    Attributes:
        mean: of the chosen program's loss over the test seeds; NaN if it diverged.
        error: standard error of that mean.
        seed_mean: the same of the seed program.
        seed_error: the same of the seed program.
        gain: mean of the paired differences, seed program minus chosen one; positive
            is better.
        gain_error: standard error of the paired differences.
        seeds: test seeds.
    """

    mean: float
    error: float
    seed_mean: float
    seed_error: float
    gain: float
    gain_error: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Final:
    """The chosen child (or the seed program, number 0) and how it did.

    Attributes:
        chosen: its row.
        validation_fitness: by which it was chosen; NaN for a seed program that stands
            because nothing trains on every validation seed.
        comparison: on the test seeds.
    """

    chosen: ProgramRow
    validation_fitness: float
    comparison: Comparison


def choose_and_compare(
    problem: Problem, ledger: Ledger, watch: Watch, stopped: Callable[[], bool]
) -> Final | None:
    """Run the final comparison of a search; resumes by itself, as a search does.

    Args:
        problem: what was searched.
        ledger: trains the programs and holds the search's results.
        watch: is told of progress.
        stopped: asked between programs; if true, there is no result yet (None).
    """
    final = problem.config.final
    rows = [
        row for row in ledger.store.best(final.candidates) if row.outcome == Outcome.OK
    ]
    programs = {row.number: prune(parse(row.text)) for row in rows}
    fitness = _validate(problem, ledger, programs, watch, stopped)
    if stopped():
        return None
    best = min(rows, key=lambda row: (fitness[row.number], row.number))
    if math.isinf(fitness[best.number]):
        # None of them trains on every validation seed: the seed program stands.
        best = next(ledger.store.programs())
        programs[best.number], fitness[best.number] = prune(problem.seed), math.nan
    comparison = _compare(problem, ledger, programs[best.number], watch)
    if final.front:
        _train_front(problem, ledger, set(programs), watch, stopped)
        if stopped():
            return None
    return Final(best, fitness[best.number], comparison)


def fittest_by_size(store: Store, config: Config) -> dict[ProgramRow, float]:
    """The fittest program for each number of live states and of live statements.

    With its search fitness without prices, which would count its size twice. The
    fittest of all, prices included, comes first.
    """
    found: dict[tuple[int, int], ProgramRow] = {}
    for row in store.ranked():
        if row.outcome == Outcome.OK:
            found.setdefault((row.states, row.live), row)
    prices = prices_of(config)
    return {row: (row.fitness or 0.0) - prices.of(*size) for size, row in found.items()}


def search_front(store: Store, config: Config) -> list[ProgramRow]:
    """The front of search fitness, live states and live statements, fittest first."""
    fitness = fittest_by_size(store, config)
    return front(fitness, lambda row: (fitness[row], row.states, row.live))


def _train_front(
    problem: Problem,
    ledger: Ledger,
    known: Set[int],
    watch: Watch,
    stopped: Callable[[], bool],
) -> None:
    """Train those of the search's front that are not known on the validation seeds."""
    config = problem.config
    seeds, most = validation_seeds(config), config.final.candidates // 2
    rows = search_front(ledger.store, config)
    further = [row for row in rows if row.number not in known][:most]
    subjects = [subject_of(prune(parse(row.text))) for row in further]
    for subject in subjects:
        ledger.order(subject, seeds, VALIDATION)
    for done, subject in enumerate(subjects):
        if stopped():
            return
        watch("training smaller programs on validation seeds", done, len(subjects))
        ledger.settle(subject.digest, seeds, VALIDATION)


def _validate(
    problem: Problem,
    ledger: Ledger,
    programs: Mapping[int, Program],
    watch: Watch,
    stopped: Callable[[], bool],
) -> dict[int, float]:
    """Fitness of each program on the validation seeds; infinite if one fails.

    Those before it was stopped, if it is.
    """
    config = problem.config
    seeds, prices = validation_seeds(config), prices_of(config)
    reference = subject_of(prune(problem.reference))
    subjects = {number: subject_of(program) for number, program in programs.items()}
    for subject in (reference, *subjects.values()):
        ledger.order(subject, seeds, VALIDATION)
    reference_rows = ledger.settle(reference.digest, seeds, VALIDATION)
    for row in reference_rows.values():
        check_reference(row)
    references = losses(reference_rows)
    fitness = {}
    for done, (number, program) in enumerate(programs.items()):
        if stopped():
            break
        watch("choosing on validation seeds", done, len(programs))
        rows = ledger.settle(subjects[number].digest, seeds, VALIDATION)
        ok = verdict(rows)[0] is Outcome.OK
        price = prices.of(len(program.states), len(program.statements))
        fitness[number] = (
            paired_fitness(losses(rows), references, price) if ok else math.inf
        )
    return fitness


def _compare(
    problem: Problem, ledger: Ledger, program: Program, watch: Watch
) -> Comparison:
    """Losses of a program and of the seed program on the test seeds."""
    first = TEST_SEEDS_FROM
    seeds = range(first, first + problem.config.final.test_seeds)
    watch("comparing on test seeds", 0, 2)
    chosen, seed = subject_of(program), subject_of(prune(problem.seed))
    for subject in (chosen, seed):
        ledger.order(subject, seeds, TEST)
    ours = _seed_losses(ledger, chosen, seeds, TEST)
    watch("comparing on test seeds", 1, 2)
    theirs = _seed_losses(ledger, seed, seeds, TEST)
    gains = [b - a for a, b in zip(ours, theirs, strict=True)]
    return Comparison(
        *mean_and_error(ours),
        *mean_and_error(theirs),
        *mean_and_error(gains),
        len(seeds),
    )


def _seed_losses(
    ledger: Ledger, subject: Subject, seeds: range, split: Split
) -> list[float]:
    """Mean loss over the tasks for each data seed; NaN where a training failed."""
    rows = ledger.settle(subject.digest, seeds, split)
    return [mean_loss(rows.values(), seed) for seed in seeds]
