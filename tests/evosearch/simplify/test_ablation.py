"""What costs nothing goes, what costs something stays, and no training is wasted."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from dsl import parse, unparse
from dsl.library import read_program
from dsl.program import Program
from evosearch.errors import InputError
from evosearch.evaluate import Job, task_version
from evosearch.explain.terms import rates_of
from evosearch.ledger import Ledger
from evosearch.simplify.ablation import Reduced, reduce
from evosearch.simplify.measured import measure
from evosearch.simplify.trials import StoppedError, Trials, worse
from evosearch.simplify.tuning import tuned
from evosearch.store import Store
from evosearch.train import Outcome, Training
from tests.searching import Oracle, config

PROGRAM8 = parse(read_program("paper/program8"))
SEEDS = range(100, 104)
FRESH = range(200, 203)
RATE = 0.01
SPREAD = 0.002
"""How far the losses on neighbouring seeds are apart in these worlds."""


def world(*needed: str, cost: float = 0.1) -> Callable[[Job], Training]:
    """Loss rises for each function that is needed and not there, and off the rate."""

    def evaluate(job: Job) -> Training:
        program = parse(job.text)
        present = {statement.function for statement in program.statements}
        if "divide" in present:  # Program 8 has a sign in other words
            present.add("sign")
        loss = 1.0 + SPREAD * (job.seed % 100)
        loss += cost * len(set(needed) - present)
        steps = rates_of(program).steps
        if steps:
            loss += 0.05 * abs(math.log2(abs(steps[0].number) / RATE))
        return Training(Outcome.OK, loss, (loss,), 4, 0.0)

    return evaluate


class Bench:
    """Trials over an invented world."""

    def __init__(self, folder: Path, evaluate: Callable[[Job], Training]) -> None:
        self.oracle = Oracle(evaluate)
        self.tree = config()
        path = folder / "trials.sqlite"
        self.store = Store.open(path) if path.exists() else Store.create(path)
        versions = [task_version(task, self.tree.training) for task in self.tree.tasks]
        self.ledger = Ledger(self.store, self.oracle, versions)
        self.trials = self.with_limit(None)

    def with_limit(
        self, limit: int | None, stopped: Callable[[], bool] = lambda: False
    ) -> Trials:
        watch = SimpleNamespace(told=lambda what, done, total: None).told
        return Trials(self.ledger, SEEDS, limit, watch, stopped)

    def reduce(self, program: Program, tolerance: float = 1.0) -> Reduced:
        return reduce(program, self.trials, tolerance, lambda each: {})


def functions(program: Program) -> set[str]:
    return {statement.function for statement in program.statements}


def test_program_8_becomes_lion(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world("interpolate", "sign", "multiply", "add"))
    reduced = bench.reduce(PROGRAM8)
    assert reduced.complete
    assert functions(reduced.program) == {"interpolate", "sign", "multiply", "add"}
    assert reduced.start == PROGRAM8
    assert reduced.changes[-1].program == reduced.program
    kinds = [change.kind for change in reduced.changes]
    assert kinds[:2] == ["law", "tuned"]
    assert {"cut", "rounded"} <= set(kinds)


def test_what_is_needed_stays(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world("interpolate", "sign", "arcsin"))
    names = functions(bench.reduce(PROGRAM8).program)
    assert "arcsin" in names
    assert "sign" in names
    assert "interpolate" in names


def test_what_was_gained_is_not_given_away(tmp_path: Path) -> None:
    def evaluate(job: Job) -> Training:
        loss = 1.0 + SPREAD * (job.seed % 100)
        loss += 0.1 if "arcsin" in job.text else 0.0
        loss += 0.0 if "clip" in job.text else 0.05
        loss += 0.0 if job.text.count("interp") > 1 else 1.0
        return Training(Outcome.OK, loss, (loss,), 4, 0.0)

    text = unparse(Bench(tmp_path, evaluate).reduce(PROGRAM8).program)
    assert "arcsin" not in text
    assert "clip" in text


def test_what_costs_less_than_the_tolerance_goes(tmp_path: Path) -> None:
    # Half a standard error of the mean over these seeds is 0.00065.
    everything = functions(PROGRAM8) | {"sign"}
    evaluate = world(*everything, cost=0.0005)
    few = Bench(tmp_path, evaluate).reduce(PROGRAM8, 0.5)
    (tmp_path / "none").mkdir()
    none = Bench(tmp_path / "none", evaluate).reduce(PROGRAM8, 0.0)
    assert len(few.program.statements) < len(none.program.statements)
    assert few.margin == pytest.approx(0.5 * SPREAD * math.sqrt(5 / 3) / 2, rel=1e-3)
    assert none.margin == 0.0
    # The costs add up: one function less is within the margin, two are not.
    lost = [c.cost for c in few.changes if c.cost is not None]
    assert max(lost) <= few.margin


def test_two_that_are_needed_together_do_not_both_go(tmp_path: Path) -> None:
    def evaluate(job: Job) -> Training:
        text = job.text
        loss = 1.0 + SPREAD * (job.seed % 100)
        # Either of the two is enough.
        loss += 0.0 if "clip" in text or "arcsin" in text else 0.1
        loss += 0.0 if "interp(g" in text and "sign" in text else 0.1
        return Training(Outcome.OK, loss, (loss,), 4, 0.0)

    reduced = Bench(tmp_path, evaluate).reduce(PROGRAM8)
    text = unparse(reduced.program)
    assert ("clip" in text) != ("arcsin" in text)


def test_what_is_hopeless_on_one_seed_is_not_trained_on_others(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world("interpolate", "sign", "multiply", "add"))
    reduced = bench.reduce(PROGRAM8)
    by_digest: dict[str, set[int]] = {}
    for job in bench.oracle.seen:
        by_digest.setdefault(job.digest, set()).add(job.seed)
    once = [seeds for seeds in by_digest.values() if seeds == {SEEDS[0]}]
    assert len(once) > 5
    assert all(seeds in ({SEEDS[0]}, set(SEEDS)) for seeds in by_digest.values())
    assert bench.trials.spent == len(bench.oracle.seen)
    assert reduced.complete


@pytest.mark.parametrize("limit", [0, 40, 80])
def test_a_limit_is_kept(tmp_path: Path, limit: int) -> None:
    bench = Bench(tmp_path, world("interpolate", "sign"))
    bench.trials = bench.with_limit(limit)
    reduced = bench.reduce(PROGRAM8)
    assert not reduced.complete
    # The reference, the laws and what is said of the end are trained all the same.
    assert bench.trials.spent <= limit + 5 * len(SEEDS)
    assert len(reduced.program.statements) <= 12


def test_a_program_that_fails_is_refused(tmp_path: Path) -> None:
    def evaluate(job: Job) -> Training:
        outcome = Outcome.DIVERGED if job.seed == SEEDS[2] else Outcome.OK
        return Training(outcome, 1.0, (1.0,), 4, 0.0)

    with pytest.raises(InputError, match=f"data seed {SEEDS[2]}"):
        Bench(tmp_path, evaluate).reduce(PROGRAM8)


def test_a_cut_that_fails_costs_too_much(tmp_path: Path) -> None:
    def evaluate(job: Job) -> Training:
        whole = "clip" in job.text and "arcsin" in job.text
        loss = 1.0 + SPREAD * (job.seed % 100)
        outcome = Outcome.OK if whole else Outcome.DIVERGED
        return Training(outcome, loss if whole else math.nan, (loss,), 4, 0.0)

    reduced = Bench(tmp_path, evaluate).reduce(PROGRAM8)
    assert {"arcsin"} <= functions(reduced.program)


def test_it_is_stopped_and_taken_up(tmp_path: Path) -> None:
    evaluate = world("interpolate", "sign", "multiply", "add")
    (tmp_path / "whole").mkdir()
    whole = Bench(tmp_path / "whole", evaluate)
    expected = whole.reduce(PROGRAM8)
    first = Bench(tmp_path, evaluate)
    first.trials = first.with_limit(None, lambda: len(first.oracle.seen) > 50)
    with pytest.raises(StoppedError):
        first.reduce(PROGRAM8)
    first.store.close()
    second = Bench(tmp_path, evaluate)
    assert second.reduce(PROGRAM8) == expected
    known = len(whole.oracle.seen) - len(second.oracle.seen)
    assert known >= 40
    assert second.trials.spent == whole.trials.spent


def test_the_rate_is_found_downhill(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world())
    program = parse("def train(w, g, lr):\n  u = g * 0.3\n  u = u * lr\n  return u")
    found = tuned(program, bench.trials, 1.0, "it")
    # 0.3 / 2^5 is the power of two that is nearest to 0.01 on a log scale.
    assert found.rate == 2.0**-5
    assert found.decay == 1.0
    assert rates_of(found.program).steps[0].number == pytest.approx(0.3 / 32)
    again = tuned(found.program, bench.trials, 1.0, "it")
    assert again == found._replace(rate=1.0)


def test_a_gain_within_the_noise_moves_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world())
    program = parse(f"def train(w, g, lr):\n  return g * (lr * {RATE * 1.01})")
    assert tuned(program, bench.trials, 1.0, "it").rate == 1.0


def test_contributions_are_measured_on_fresh_seeds(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world("interpolate", "sign", "multiply", "add", cost=0.25))
    reduced = bench.reduce(PROGRAM8)
    before = len(bench.oracle.seen)
    measured = measure(reduced, bench.trials, FRESH, lambda each: {})
    costs = {each.told.statement: each.cost for each in measured.contributions}
    (sign,) = [cost for text, cost in costs.items() if "sign" in text]
    assert sign.mean == pytest.approx(0.25, abs=1e-6)
    assert sign.error == pytest.approx(0.0, abs=1e-6)
    assert len(measured.program) == len(FRESH)
    chosen_by = {seed for job in bench.oracle.seen[:before] for seed in [job.seed]}
    assert not chosen_by & set(FRESH)
    reported = {job.seed for job in bench.oracle.seen if job.split == "test"}
    assert reported == set(FRESH)


def test_worse_is_paired() -> None:
    assert worse((1.5,), (1.0, 7.0)) == 0.5
    assert worse((1.0, 3.0), (0.0, 1.0)) == 1.5
    assert worse((math.nan, 1.0), (0.0, 1.0)) == math.inf
