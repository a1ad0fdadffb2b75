"""What the store keeps: a row for each program made, each training and each look.

Rows are plain values on both sides. `to_sql` and the readers are inverse: floats
are exact, NaN and infinities too; only -0.0 comes back as 0.0, which equals it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Literal

Split = Literal["validation", "test"]

SqlValue = str | int | float | None


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """One program made, duplicates too.

    Attributes:
        number: order of making; 0 is the program the search started from.
        text: the whole program, dead statements too.
        digest: of its live part.
        fingerprint: of its live part; None where the search went by digests alone.
        twin: digest of the earlier program with that fingerprint whose trainings it
            was judged by; None if by its own.
        parent: number of the program it was made from; None for number 0, and for
            those that a random search drew.
        mutation: what made it; empty for number 0.
        outcome: an `Outcome` of `evosearch.train`.
        reason: one sentence where the outcome is not ok, or where it is but a limit
            of the search keeps the program from being its result; else empty.
        fitness: lower is better, finite; None where the outcome leaves none.
        duplicate: its trainings, or its twin's, were known, so nothing was trained.
        statements: of the whole program.
        live: statements that are not dead.
        states: live states.
        seconds: since the start of the run.
        structure: of its live part, as of `dsl.structure`; None where the search does
            not train new structures at several rates.
        rate: for a new structure, what its update was multiplied with before it
            entered, which was best; None for the others.
        evaluations: programs trained for it: none for a duplicate, else one, or as
            many as there are rates.
        steps: training steps taken for it, those of its contest too.
        contest: digests, with blanks between them, of the programs that were trained
            on further data seeds in its name (`evosearch/contest.py`).
    """

    number: int
    text: str
    digest: str
    fingerprint: str | None
    twin: str | None
    parent: int | None
    mutation: str
    outcome: str
    reason: str
    fitness: float | None
    duplicate: bool
    statements: int
    live: int
    states: int
    seconds: float
    structure: str | None = None
    rate: float | None = None
    evaluations: int = 0
    steps: int = 0
    contest: str = ""


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One program trained on one task and data seed.

    Attributes:
        digest: of the program.
        task: version string of everything else that the losses depend on.
        seed: the data seed.
        split: what the loss was measured on.
        outcome: an `Outcome` of `evosearch.train`.
        loss: at the end; NaN and infinity are kept.
        chunk_losses: mean training loss of each chunk that was run; the same.
        steps: that were run.
        seconds: that it took.
    """

    digest: str
    task: str
    seed: int
    split: Split
    outcome: str
    loss: float
    chunk_losses: tuple[float, ...]
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LookRow:
    """One look at who leads a search, for meta-validation.

    Attributes:
        child: number of the one that had been settled last.
        digest: of the program whose trainings the leader is judged by, which was
            trained on the tasks of meta-validation.
        search_fitness: the leader's then.
    """

    child: int
    digest: str
    search_fitness: float


AnyRow = ProgramRow | TrainingRow | LookRow


def to_sql(row: AnyRow) -> tuple[SqlValue, ...]:
    """The values of a row, in the order of its fields.

    Raises:
        TypeError: a value that SQLite would keep as a blob (NumPy's, for example).
        ValueError: a fitness that is not finite.
    """
    if isinstance(row, ProgramRow) and not math.isfinite(row.fitness or 0.0):
        raise ValueError(f"the fitness of program {row.number} is {row.fitness}")
    return tuple(map(_value_to_sql, _VALUES[type(row)](row)))


def read_program(values: tuple[Any, ...]) -> ProgramRow:
    """The row that `to_sql` made the values from."""
    row = list(values)
    row[_DUPLICATE] = bool(row[_DUPLICATE])
    return ProgramRow(*row)


def read_training(values: tuple[Any, ...]) -> TrainingRow:
    """The row that `to_sql` made the values from."""
    row = list(values)
    row[_LOSS] = _number(row[_LOSS])
    row[_CHUNK_LOSSES] = tuple(map(_number, json.loads(row[_CHUNK_LOSSES])))
    return TrainingRow(*row)


def read_look(values: tuple[Any, ...]) -> LookRow:
    """The row that `to_sql` made the values from."""
    return LookRow(*values)


def columns_of(kind: type[AnyRow]) -> tuple[str, ...]:
    """Names of a row's fields, in their order."""
    return tuple(field.name for field in fields(kind))


_DUPLICATE = columns_of(ProgramRow).index("duplicate")
_LOSS = columns_of(TrainingRow).index("loss")
_CHUNK_LOSSES = columns_of(TrainingRow).index("chunk_losses")
# A row is written and read for each child, and asking for its fields takes longer.
_VALUES = {
    kind: attrgetter(*columns_of(kind)) for kind in (ProgramRow, TrainingRow, LookRow)
}


def _value_to_sql(value: object) -> SqlValue:
    if isinstance(value, tuple):
        return f"[{', '.join(_to_json(loss) for loss in value)}]"
    if isinstance(value, float):
        return _nan_to_null(value)
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"the store takes no {type(value).__name__}")


def _nan_to_null(value: float) -> float | None:
    """Neither SQLite nor JSON has NaN."""
    return None if math.isnan(value) else value


def _to_json(loss: float) -> str:
    """JSON has no infinity either, but every reader takes 1e999 for one."""
    return json.dumps(_nan_to_null(loss)).replace("Infinity", "1e999")


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
