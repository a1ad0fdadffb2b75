"""One SQLite file a run: every program made and every training, and so the cache.

Laws: what was added reads back equal; adding it again changes nothing; adding something
else under the same key raises. One writer (the driver), any number of readers, also
while it writes. What was added is read back at once by the writer, and is durable and
seen by others from the next `commit`: a killed writer loses nothing of before it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Self

from evosearch.errors import InputError
from evosearch.rows import (
    LookRow,
    ProgramRow,
    Split,
    TrainingRow,
    columns_of,
    read_program,
    to_sql,
)
from evosearch.tables import LOOKS, PROGRAMS, SCHEMA, TRAININGS, VERSION, Row, Table

_APPLICATION = 0x65766F73
"""Marks our files among SQLite's: "evos" in ASCII."""

_BEST = """
WITH ranked AS (
    SELECT *, outcome = 'ok' AND reason <> '' AS no_result, row_number() OVER (
        PARTITION BY coalesce(twin, digest)
        ORDER BY outcome = 'ok' AND reason <> '', number DESC
    ) AS place FROM programs
), distinct_ones AS (SELECT * FROM ranked WHERE place = 1)
SELECT {columns} FROM distinct_ones WHERE NOT no_result OR NOT EXISTS (
    SELECT 1 FROM distinct_ones WHERE outcome = 'ok' AND NOT no_result
) ORDER BY {order} LIMIT ?
"""
_ORDER = "outcome <> 'ok', fitness IS NULL, fitness, number"


class ContradictionError(Exception):
    """A row differs, in more than its seconds, from the one stored under its key."""


class Store:
    """The tables of one run. Use it in the thread that made it, and close it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        # With WAL a killed process loses nothing under NORMAL; FULL would only save the
        # last batches from a power cut.
        connection.execute("PRAGMA synchronous = NORMAL")
        self._connection = connection

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """Make a new file.

        Raises:
            InputError: there is something at the path, or it cannot be written.
        """
        path = Path(path)
        part = path.with_name(f".{path.name}.part")
        try:
            if path.exists():
                raise FileExistsError
            part.open("w").close()
        except FileExistsError:
            raise InputError(f"{path} exists; resume its run or name another") from None
        except OSError as error:
            raise InputError(f"{path} cannot be made: {error.strerror}") from None
        connection = _connect(part)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            f"BEGIN; {SCHEMA} PRAGMA application_id = {_APPLICATION};"
            f"PRAGMA user_version = {VERSION}; COMMIT;"
        )
        # Under its name the file is whole, however the process ends.
        connection.close()
        part.replace(path)
        return cls(_connect(path))

    @classmethod
    def open(cls, path: str | Path, mend: str = "name another run") -> Self:
        """Open a file that `create` made, to read it or to go on writing.

        Args:
            path: of the file.
            mend: what to do if it is no such file.

        Raises:
            InputError: it is missing, no database, not ours or of another version.
        """
        if not Path(path).is_file():
            raise InputError(f"{path} is not there; name the folder of a run")
        connection = _connect(Path(path))
        try:
            problem = _other_version(connection, mend)
        except sqlite3.DatabaseError as error:
            problem = f"is not the record of a run: {error}; {mend}"
        if problem:
            connection.close()
            raise InputError(f"{path} {problem}")
        return cls(connection)

    def add_programs(self, rows: Iterable[ProgramRow]) -> None:
        """Add programs to the transaction; those that are there already stay.

        Raises:
            ContradictionError: a number stands for another program; none is added.
        """
        self._add(PROGRAMS, rows)

    def add_trainings(self, rows: Iterable[TrainingRow]) -> None:
        """Add trainings to the transaction; those that are there already stay.

        Raises:
            ContradictionError: a training has another result; none is added.
        """
        self._add(TRAININGS, rows)

    def add_looks(self, rows: Iterable[LookRow]) -> None:
        """Add looks, as `add_trainings` adds trainings."""
        self._add(LOOKS, rows)

    def commit(self) -> None:
        """End the transaction: what was added is in the file, whatever comes."""
        self._connection.commit()

    def programs(self, first: int = 0) -> Iterator[ProgramRow]:
        """Programs from number `first` on, in the order of their numbers."""
        return self._select(PROGRAMS, "WHERE number >= ? ORDER BY number", (first,))

    def best(self, top: int) -> list[ProgramRow]:
        """The `top` best distinct programs, no two of one digest or twins, best first.

        Outcome ok comes before any other, then the lowest fitness, then the lowest
        number. Those that a limit keeps from being the result (ok, with a reason) are
        left out, unless nothing else is ok. Those that are alike are represented by
        their last row, whose fitness is the mean over all the data seeds they were
        trained on; the best would be the luckiest.
        """
        return list(self._ranked(top))

    def ranked(self) -> Iterator[ProgramRow]:
        """All distinct programs, as of `best`, one at a time: they may be many."""
        return self._ranked(-1)

    def first(
        self, key: Literal["digest", "fingerprint", "structure"], value: str
    ) -> ProgramRow | None:
        """The first program made that has this digest (...), if any has."""
        where = f"WHERE {key} = ? ORDER BY number LIMIT 1"
        return next(self._select(PROGRAMS, where, (value,)), None)

    def training(
        self, digest: str, task: str, seed: int, split: Split
    ) -> TrainingRow | None:
        """The training of a program on a task and data seed, if it is known."""
        where = "WHERE digest = ? AND task = ? AND seed = ? AND split = ?"
        rows = self._select(TRAININGS, where, (digest, task, seed, split))
        return next(rows, None)

    def trainings_of(self, digest: str, split: Split) -> Iterator[TrainingRow]:
        """The trainings of a program, in the order in which they were added."""
        where = "WHERE digest = ? AND split = ? ORDER BY rowid"
        return self._select(TRAININGS, where, (digest, split))

    def looks(self) -> Iterator[LookRow]:
        """Looks in the order of their children."""
        return self._select(LOOKS, "ORDER BY child", ())

    @property
    def meta(self) -> dict[str, str]:
        """What was noted about the run itself."""
        return dict(self._connection.execute("SELECT key, value FROM meta"))

    def set_meta(self, key: str, value: str) -> None:
        """Note something about the run; a later value replaces an earlier one."""
        self._connection.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))

    def close(self) -> None:
        """Close the file; what was added since the last commit is dropped."""
        self._connection.close()

    def _ranked(self, top: int) -> Iterator[ProgramRow]:
        query = _BEST.format(columns=PROGRAMS.columns, order=_ORDER)
        return map(read_program, self._connection.execute(query, (top,)))

    def _select(
        self, table: Table[Row], where: str, values: tuple[object, ...]
    ) -> Iterator[Row]:
        query = f"SELECT {table.columns} FROM {table.name} {where}"
        return map(table.read, self._connection.execute(query, values))

    def _add(self, table: Table[Row], rows: Iterable[Row]) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN")
        self._connection.execute("SAVEPOINT batch")
        try:
            for row in rows:
                if not self._connection.execute(table.insert, to_sql(row)).rowcount:
                    self._compare(table, row)
        except (ContradictionError, sqlite3.Error, TypeError, ValueError):
            self._connection.execute("ROLLBACK TO batch")
            raise
        finally:
            self._connection.execute("RELEASE batch")

    def _compare(self, table: Table[Row], row: Row) -> None:
        """Raise unless the row is the one in the store, but for its seconds."""
        where = "WHERE " + " AND ".join(f"{key} = ?" for key in table.key)
        key = tuple(getattr(row, name) for name in table.key)
        stored = next(self._select(table, where, key))
        for name, old, new in zip(
            columns_of(table.kind), to_sql(stored), to_sql(row), strict=True
        ):
            if name != "seconds" and old != new:
                raise ContradictionError(
                    f"{table.name} {key}: {name} is {old!r} in the store and "
                    f"{new!r} now"
                )


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)


def _other_version(connection: sqlite3.Connection, mend: str) -> str:
    """Why the file is not one that this version made; empty if it is."""
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    if application != _APPLICATION:
        return f"is a database, but not one of evosearch; {mend}"
    if version != VERSION:
        return (
            f"has version {version} of the record and this evosearch reads {VERSION}; "
            f"use the version of evosearch that made it, or {mend}"
        )
    return ""
