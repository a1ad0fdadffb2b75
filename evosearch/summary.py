"""What a run says at its end: one mapping, the same for `--json` and `summary.json`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from dsl.parse import parse
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.counts import Counts
from evosearch.final import Final
from evosearch.fitness import finite
from evosearch.meta_validation import Look, MetaResult
from evosearch.overfitting import Alarm
from evosearch.rows import ProgramRow


@dataclass(slots=True)
class Trajectory:
    """A running SHA-256 over the digests and fitness values of the children."""

    _hash: Any = field(default_factory=sha256)

    def add(self, row: ProgramRow) -> None:
        """Take in the next child."""
        self._hash.update(f"{row.digest} {row.fitness!r}\n".encode())

    def hexdigest(self) -> str:
        """The hash so far: equal for equal searches."""
        return str(self._hash.hexdigest())


def summarise(
    *,
    run: str,
    counts: Counts,
    trajectory: str,
    seed_fitness: float,
    seconds: float,
    best: ProgramRow,
    final: Final | None,
    meta: MetaResult,
) -> dict[str, Any]:
    """The summary of a run.

    Args:
        run: its folder.
        counts, trajectory: of the search.
        seed_fitness: search fitness of the program it started from.
        seconds: wall time, searching and judging.
        best: the chosen program, or the fittest so far of an interrupted run.
        final: the comparison on fresh seeds; None if the run was interrupted.
        meta: what meta-validation says.
    """
    program = prune(parse(best.text))
    comparison = None if final is None else final.comparison

    def fresh(name: str) -> float | None:
        return finite(getattr(comparison, name, math.nan))

    return {
        "run": run,
        "interrupted": final is None,
        "seed_fitness": seed_fitness,
        "best": {
            "number": best.number,
            "digest": best.digest,
            "fitness": best.fitness,
            "program": unparse(program),
            "statements": len(program.statements),
            "states": len(program.states),
            "validation_fitness": final and finite(final.validation_fitness),
            "fresh_mean": fresh("mean"),
            "fresh_stderr": fresh("error"),
            "fresh_gain": fresh("gain"),
            "fresh_gain_stderr": fresh("gain_error"),
        },
        "seed_fresh_mean": fresh("seed_mean"),
        "seed_fresh_stderr": fresh("seed_error"),
        "test_seeds": comparison and comparison.seeds,
        "handover": None,
        **_numbers(counts),
        "meta_validation": list(map(_look_told, meta.looks)),
        "alarm": None if meta.alarm is None else _alarm_told(meta.alarm),
        "meta_steps": meta.steps,
        "seconds": seconds,
        "trajectory": trajectory,
    }


def _look_told(look: Look) -> dict[str, Any]:
    fitness, error = look.fitness
    return {
        "child": look.child,
        "steps": look.steps,
        "search_fitness": look.search_fitness,
        "fitness": finite(fitness),
        "stderr": finite(error),
    }


def _alarm_told(alarm: Alarm) -> dict[str, Any]:
    return {
        "child": alarm.child,
        "difference": finite(alarm.difference),
        "stderr": finite(alarm.error),
    }


def _numbers(counts: Counts) -> dict[str, Any]:
    return {
        "made": counts.made,
        "invalid": counts.rejected.total(),
        "invalid_by_reason": dict(sorted(counts.rejected.items())),
        "duplicates": counts.duplicates,
        "twins": counts.twins,
        "evaluated": counts.evaluated,
        "diverged": counts.outcomes["diverged"],
        "hopeless": counts.outcomes["hopeless"],
        "implausible": counts.outcomes["implausible"],
        "steps": counts.steps,
        "restarts": counts.restarts,
    }
