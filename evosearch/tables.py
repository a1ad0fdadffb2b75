"""The tables of a run's record: their columns and keys, and how rows are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from evosearch.rows import (
    LookRow,
    ProgramRow,
    TrainingRow,
    columns_of,
    read_look,
    read_program,
    read_training,
)

VERSION = 5
"""Raised with every change of the schema below, or of what its values may be."""

SCHEMA = """
CREATE TABLE programs (
    number INTEGER PRIMARY KEY, text TEXT NOT NULL, digest TEXT NOT NULL,
    fingerprint TEXT, twin TEXT, parent INTEGER, mutation TEXT NOT NULL,
    outcome TEXT NOT NULL, reason TEXT NOT NULL, fitness REAL,
    duplicate INTEGER NOT NULL, statements INTEGER NOT NULL, live INTEGER NOT NULL,
    states INTEGER NOT NULL, seconds REAL NOT NULL, structure TEXT, rate REAL,
    evaluations INTEGER NOT NULL, steps INTEGER NOT NULL, contest TEXT NOT NULL
);
CREATE INDEX programs_digest ON programs (digest);
CREATE INDEX programs_fingerprint ON programs (fingerprint);
CREATE INDEX programs_structure ON programs (structure);
CREATE TABLE trainings (
    digest TEXT NOT NULL, task TEXT NOT NULL, seed INTEGER NOT NULL,
    split TEXT NOT NULL CHECK (split IN ('validation', 'test')), outcome TEXT NOT NULL,
    loss REAL, chunk_losses TEXT NOT NULL, steps INTEGER NOT NULL,
    seconds REAL NOT NULL, PRIMARY KEY (digest, task, seed, split)
);
CREATE TABLE looks (
    child INTEGER PRIMARY KEY, digest TEXT NOT NULL, search_fitness REAL NOT NULL
);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

Row = TypeVar("Row", ProgramRow, TrainingRow, LookRow)


@dataclass(frozen=True)
class Table(Generic[Row]):
    """Where rows of a kind are kept, under which key, and how they are read."""

    name: str
    kind: type[Row]
    key: tuple[str, ...]
    read: Callable[[tuple[Any, ...]], Row]

    @cached_property
    def columns(self) -> str:
        """Names of the columns, as SQL lists them."""
        return ", ".join(columns_of(self.kind))

    @cached_property
    def insert(self) -> str:
        """SQL that adds a row, unless its key is taken."""
        marks = ", ".join("?" for _ in columns_of(self.kind))
        # OR IGNORE would also swallow broken constraints other than the key.
        return (
            f"INSERT INTO {self.name} ({self.columns}) VALUES ({marks}) "
            f"ON CONFLICT ({', '.join(self.key)}) DO NOTHING"
        )


PROGRAMS = Table("programs", ProgramRow, ("number",), read_program)
TRAININGS = Table(
    "trainings", TrainingRow, ("digest", "task", "seed", "split"), read_training
)
LOOKS = Table("looks", LookRow, ("child",), read_look)
