"""When a search passed the program it is compared with: in steps and in minutes.

A search calls its best child better by data seeds that it also chose it by. Here those
that led it are trained again, in the order in which they came, on data seeds that no
search uses, with the reference beside them; the first that is better by more than two
standard errors of the paired difference, and by at least a hundredth of the reference's
loss (`--by`), is when the search passed it: a difference of next to nothing can have a
smaller error still. Differences are shares of the reference's loss, negative is better.
Steps and minutes are those of the search up to that child.

    python experiments/passing.py experiments/lion/runs/lion-0

The folder is that of any run; those of studies are there after `evosearch study` alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path
from typing import Any

from dsl.digest import digest
from dsl.errors import DslError
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from evosearch.begun import reference_of
from evosearch.bench import Kept, bench
from evosearch.config import Config, load_config
from evosearch.errors import InputError
from evosearch.fitness import (
    TEST_SEEDS_FROM,
    finite,
    mean_and_error,
    relative_difference,
)
from evosearch.folder import CONFIG, STORE
from evosearch.ledger import Ledger
from evosearch.losses import Trials
from evosearch.opening import load_named
from evosearch.refusal import REFUSED, refusal
from evosearch.rows import ProgramRow
from evosearch.store import Store

FRESH_SEEDS_FROM = TEST_SEEDS_FROM + 250_000_000
"""Beyond those that searches, studies and funnels report on."""


def leaders(rows: list[ProgramRow], config: Config) -> Iterator[ProgramRow]:
    """Those that had the best fitness so far, better than the reference's.

    Where there are contests, by what they had in one.
    """
    best = 0.0
    for row in rows[1:]:
        proven = (row.twin or row.digest) in row.contest.split()
        if row.fitness is None or row.reason or row.fitness >= best:
            continue
        if proven or not config.fitness.more_seeds:
            best = row.fitness
            yield row


def passed(
    run: Path,
    ledger: Ledger,
    seeds: int,
    config: Config,
    rows: list[ProgramRow],
    reference: Program,
    by: float,
) -> Iterator[dict[str, Any]]:
    """What each leader is on fresh data seeds, up to the first better by `by`."""
    steps = list(accumulate(row.steps for row in rows))
    fresh = range(FRESH_SEEDS_FROM, FRESH_SEEDS_FROM + seeds)
    trials = Trials(ledger, fresh, None, lambda *_: None, lambda: False)
    (theirs,) = trials.losses("reference", [reference])
    for row in leaders(rows, config):
        (ours,) = trials.losses("leader", [prune(_program(run, row))])
        # NaN where a training failed: no comparison holds.
        mean, error = mean_and_error(
            [relative_difference(*pair) for pair in zip(ours, theirs, strict=True)]
        )
        better = mean <= -by and mean + 2.0 * error < 0.0
        yield {
            "run": str(run),
            "number": row.number,
            "steps": steps[row.number],
            "minutes": round(row.seconds / 60.0, 2),
            "fitness": row.fitness,
            "difference": finite(mean),
            "error": finite(error),
            "passed": better,
            "text": row.text,
        }
        if better:
            return


def _program(run: Path, row: ProgramRow) -> Program:
    try:
        return parse(row.text)
    except DslError as error:
        raise InputError(
            f"{run}: program {row.number} of its record, {error}: name another run"
        ) from None


def main() -> None:
    """Answer for each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs")
    parser.add_argument(
        "--seeds", type=int, default=32, help="fresh data seeds, from 2 (default: 32)"
    )
    parser.add_argument(
        "--by",
        type=float,
        default=0.01,
        help="least difference, a share of the reference's loss (default: 0.01)",
    )
    parser.add_argument("--store", type=Path, help="a file that keeps the trainings")
    parser.add_argument("--json", action="store_true", help="a line for each leader")
    asked = parser.parse_args()
    if asked.seeds < 2:
        parser.error("--seeds: at least 2, for a standard error")
    if not asked.by >= 0.0:
        parser.error("--by: at least 0")
    try:
        for run in asked.runs:
            told: dict[str, Any] = {"passed": False}
            for told in _followed(run, asked.seeds, asked.by, asked.store):
                print(json.dumps(told) if asked.json else _line(told), flush=True)
            if not told["passed"]:
                _say(f"{run}: never passed, by none of those that led it")
    except REFUSED as error:
        problem = f"{refusal(error)}"
        parser.error(problem if str(run) in problem else f"{run}: {problem}")


def _followed(
    run: Path, seeds: int, by: float, store: Path | None
) -> Iterator[dict[str, Any]]:
    config = load_config(run / CONFIG)
    if len(config.tasks) > 1 or config.functions:
        raise InputError(f"{run}: has several tasks or functions of its own")
    with closing(Store.open(run / STORE)) as record:
        rows = list(record.programs())
        begun_with = reference_of(record)
    if not rows:
        raise InputError(f"{run}: has no program yet: let the run go on")
    name = config.fitness.reference
    # A seed program is in the record, whatever has become of its file.
    read = _program(run, rows[0]) if name is None else load_named(f"{run}", name)
    if digest(read) != begun_with:
        raise InputError(f"{run}: {name} has changed since it began: undo that")
    reference = prune(read)
    kept = Kept.by_option(store)
    with bench(config.tasks[0], None, reference, kept, _say) as (ledger, _):
        yield from passed(run, ledger, seeds, config, rows, reference, by)


def _line(told: dict[str, Any]) -> str:
    fresh = "failed"
    if told["difference"] is not None:
        fresh = f"{told['difference']:+.2g} +- {told['error']:.2g} (standard error)"
    return (
        f"{told['run']}: child {told['number']:,} after {told['steps']:,} steps and "
        f"{told['minutes']:.1f} minutes: fitness {told['fitness']:+.2g}, "
        f"on fresh data seeds {fresh}{': passed' if told['passed'] else ''}"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
