"""What costs nothing goes, what costs something stays, and no training is wasted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dsl import parse, unparse
from dsl.program import Program
from evosearch.errors import InputError
from evosearch.evaluate import Job
from evosearch.losses import StoppedError
from evosearch.simplify.ablation import Reduced
from evosearch.simplify.measured import measure
from evosearch.simplify.tuning import tuned
from evosearch.train import Outcome, Training
from tests.evosearch.simplify.worlds import (
    FRESH,
    PROGRAM8,
    SEEDS,
    SPREAD,
    Bench,
    world,
)


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


def test_a_list_that_was_cut_short_is_no_end(tmp_path: Path) -> None:
    evaluate = world("interpolate", "sign", "multiply", "add")
    (tmp_path / "whole").mkdir()
    whole = Bench(tmp_path / "whole", evaluate)
    expected = whole.reduce(PROGRAM8)
    assert expected.complete
    for limit in range(20, whole.trials.spent, 3):
        (tmp_path / str(limit)).mkdir()
        bench = Bench(tmp_path / str(limit), evaluate)
        bench.trials = bench.with_limit(limit)
        reduced = bench.reduce(PROGRAM8)
        same = len(reduced.program.statements) == len(expected.program.statements)
        assert same or not reduced.complete


def test_of_equally_small_cuts_the_best_goes(tmp_path: Path) -> None:
    def evaluate(job: Job) -> Training:
        loss = 1.0 + SPREAD * (job.seed % 100)
        # Only one of the two may go, and without arcsin it is a little better.
        loss += 0.0 if "clip" in job.text or "arcsin" in job.text else 0.1
        loss -= 0.0 if "arcsin" in job.text else 0.0001
        loss += 0.0 if job.text.count("interp") > 1 else 1.0
        return Training(Outcome.OK, loss, (loss,), 4, 0.0)

    text = unparse(Bench(tmp_path, evaluate).reduce(PROGRAM8).program)
    assert "clip" in text
    assert "arcsin" not in text


def test_the_least_of_the_replacements_is_told(tmp_path: Path) -> None:
    def evaluate(job: Job) -> Training:
        loss = 1.0 + SPREAD * (job.seed % 100)
        name = "w *" in job.text or "return w" in job.text
        loss += 0.5 if name else 0.0
        loss += 0.0 if "interp" in job.text else 0.25
        return Training(Outcome.OK, loss, (loss,), 4, 0.0)

    program = parse(
        "def train(w, g, lr):\n  u = interp(w, g, 0.5)\n  u = u * lr\n  return u"
    )
    bench = Bench(tmp_path, evaluate)
    reduced = Reduced(
        program, tuned(program, bench.trials, 1.0, "it"), (), program, 0.0, True
    )
    measured = measure(reduced, bench.trials, FRESH, lambda each: {})
    told = {each.told.line: each.told.instead for each in measured.contributions}
    assert told[2] == "g"


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
