"""The store: what was added reads back equal, and nothing replaces it."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evosearch.rows import LookRow, ProgramRow, TrainingRow
from evosearch.store import ContradictionError, Store

PROGRAM = ProgramRow(
    number=0,
    text="def train(w, g, lr):\n    return g\n",
    digest="d0",
    fingerprint=None,
    twin=None,
    parent=None,
    mutation="",
    outcome="ok",
    reason="",
    fitness=0.1,
    duplicate=False,
    statements=1,
    live=1,
    states=0,
    seconds=0.5,
)
TRAINING = TrainingRow(
    digest="d0",
    task="charlm-1",
    seed=7,
    split="validation",
    outcome="ok",
    loss=0.1,
    chunk_losses=(3.0, 0.1),
    steps=200,
    seconds=0.25,
)

whole = st.integers(-(2**63), 2**63 - 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
outcomes = st.sampled_from(["ok", "diverged", "implausible"])
programs = st.lists(
    st.builds(
        ProgramRow,
        number=st.integers(0, 2**63 - 1),
        text=st.text(),
        digest=st.sampled_from(["a", "b", "c"]),
        fingerprint=st.none() | st.sampled_from(["f", "g"]),
        twin=st.none() | st.sampled_from(["a", "b", "c"]),
        parent=st.none() | whole,
        mutation=st.text(),
        outcome=outcomes,
        reason=st.just("") | st.text(),
        fitness=st.none() | finite,
        duplicate=st.booleans(),
        statements=whole,
        live=whole,
        states=whole,
        seconds=finite,
    ),
    unique_by=lambda row: row.number,
)
trainings = st.lists(
    st.builds(
        TrainingRow,
        digest=st.just("a") | st.text(),
        task=st.sampled_from(["charlm", "digits"]),
        seed=whole,
        split=st.sampled_from(["validation", "test"]),
        outcome=outcomes,
        loss=st.floats(),
        chunk_losses=st.lists(st.floats(), max_size=4).map(tuple),
        steps=whole,
        seconds=finite,
    ),
    unique_by=lambda row: (row.digest, row.task, row.seed, row.split),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store.create(path)) as store:
        yield store


@contextmanager
def written(
    programs: Sequence[ProgramRow] = (), trainings: Sequence[TrainingRow] = ()
) -> Iterator[Store]:
    """A store that was filled, closed and opened again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.sqlite"
        with closing(Store.create(path)) as store:
            store.add_programs(programs)
            store.add_trainings(trainings)
            store.commit()
        with closing(Store.open(path)) as store:
            yield store


def bits(row: TrainingRow) -> str:
    """The row with a NaN that equals itself, and 0.0 for -0.0."""
    return repr(row).replace("-0.0,", "0.0,").replace("-0.0)", "0.0)")


@given(programs)
def test_programs_read_back_equal_and_in_order(batch: list[ProgramRow]) -> None:
    ordered = sorted(batch, key=lambda row: row.number)
    with written(programs=batch) as store:
        assert list(store.programs()) == ordered
        assert all(type(row.duplicate) is bool for row in store.programs())
        for row in ordered[:1] + ordered[-1:]:
            later = [other for other in ordered if other.number >= row.number]
            assert list(store.programs(row.number)) == later


@given(trainings)
def test_trainings_read_back_equal_and_in_the_order_added(
    batch: list[TrainingRow],
) -> None:
    with written(trainings=batch) as store:
        for row in batch:
            stored = store.training(row.digest, row.task, row.seed, row.split)
            assert stored is not None
            assert bits(stored) == bits(row)
        chosen = [row for row in batch if (row.digest, row.split) == ("a", "test")]
        stored_ones = store.trainings_of("a", "test")
        assert [bits(row) for row in stored_ones] == [bits(row) for row in chosen]


@given(programs, st.integers(0, 4))
def test_best_are_distinct_digests_and_no_twins_in_order(
    batch: list[ProgramRow], top: int
) -> None:
    def rank(row: ProgramRow) -> tuple[bool, bool, float, int]:
        unknown = row.fitness is None
        return (row.outcome != "ok", unknown, row.fitness or 0.0, row.number)

    def is_limited(row: ProgramRow) -> bool:
        return row.outcome == "ok" and row.reason != ""

    # The last row knows all trainings of the digest; the best was the luckiest.
    ordered = sorted(batch, key=lambda row: (not is_limited(row), row.number))
    last = {row.twin or row.digest: row for row in ordered}.values()
    if any(row.outcome == "ok" and not row.reason for row in last):
        last = [row for row in last if not is_limited(row)]
    with written(programs=batch) as store:
        assert store.best(top) == sorted(last, key=rank)[:top]


@given(programs)
def test_the_first_of_a_digest_and_of_a_fingerprint(batch: list[ProgramRow]) -> None:
    ordered = sorted(batch, key=lambda row: row.number)
    with written(programs=batch) as store:
        for value in "abc":
            same = [row for row in ordered if row.digest == value]
            assert store.first("digest", value) == next(iter(same), None)
        for value in "fg":
            same = [row for row in ordered if row.fingerprint == value]
            assert store.first("fingerprint", value) == next(iter(same), None)


def test_the_first_is_found_by_an_index(store: Store, path: Path) -> None:
    """A search asks for every child, however many there are."""
    with closing(sqlite3.connect(path)) as other:
        for key in ("digest", "fingerprint"):
            query = f"SELECT * FROM programs WHERE {key} = 'x' ORDER BY number LIMIT 1"
            ((*_, plan),) = other.execute(f"EXPLAIN QUERY PLAN {query}")
            assert plan == f"SEARCH programs USING INDEX programs_{key} ({key}=?)"


def test_adding_again_changes_nothing(store: Store) -> None:
    for seconds in (0.5, 9.0):
        store.add_programs([replace(PROGRAM, seconds=seconds)])
        store.add_trainings([replace(TRAINING, seconds=seconds, loss=math.nan)])
    assert [row.seconds for row in store.programs()] == [0.5]
    assert [row.seconds for row in store.trainings_of("d0", "validation")] == [0.5]


PROGRAM_CHANGES = [
    {"text": "x"},
    {"digest": "x"},
    {"fingerprint": "x"},
    {"twin": "x"},
    {"parent": 3},
    {"mutation": "x"},
    {"outcome": "diverged"},
    {"reason": "x"},
    {"fitness": math.nextafter(0.1, 1.0)},
    {"fitness": None},
    {"duplicate": True},
    {"statements": 2},
    {"live": 2},
    {"states": 2},
]
TRAINING_CHANGES = [
    {"outcome": "diverged"},
    {"loss": math.nextafter(0.1, 1.0)},
    {"loss": math.nan},
    {"loss": math.inf},
    {"chunk_losses": (3.0, 0.1, 0.1)},
    {"steps": 201},
]


@pytest.mark.parametrize("change", PROGRAM_CHANGES)
def test_another_program_under_a_number_raises_and_adds_nothing(
    store: Store, change: dict[str, Any]
) -> None:
    store.add_programs([PROGRAM])
    batch = [replace(PROGRAM, number=1), replace(PROGRAM, **change)]
    with pytest.raises(ContradictionError, match=rf"\(0,\): {next(iter(change))} is"):
        store.add_programs(batch)
    assert list(store.programs()) == [PROGRAM]


@pytest.mark.parametrize("change", TRAINING_CHANGES)
def test_another_result_of_a_training_raises_and_adds_nothing(
    store: Store, change: dict[str, Any]
) -> None:
    store.add_trainings([TRAINING])
    batch = [replace(TRAINING, seed=8), replace(TRAINING, **change)]
    with pytest.raises(ContradictionError, match=f"{next(iter(change))} is"):
        store.add_trainings(batch)
    assert list(store.trainings_of("d0", "validation")) == [TRAINING]


@pytest.mark.parametrize("key", [{"digest": "d1"}, {"task": "x"}, {"seed": 8}])
def test_every_part_of_the_key_tells_trainings_apart(
    store: Store, key: dict[str, Any]
) -> None:
    other = replace(TRAINING, loss=0.2, **key)
    unseen = replace(TRAINING, loss=0.3, split="test")
    store.add_trainings([TRAINING, other, unseen])
    assert store.training("d0", "charlm-1", 7, "validation") == TRAINING
    assert store.training("d0", "charlm-1", 7, "test") == unseen
    assert store.training(other.digest, other.task, other.seed, "validation") == other
    assert store.training("none", "charlm-1", 7, "test") is None


def test_chunk_losses_are_json_for_other_tools(store: Store, path: Path) -> None:
    losses = (1.5, math.nan, math.inf, -math.inf)
    store.add_trainings([replace(TRAINING, chunk_losses=losses)])
    store.commit()
    with closing(sqlite3.connect(path)) as other:
        query = "SELECT json_array_length(chunk_losses), chunk_losses FROM trainings"
        assert other.execute(query).fetchone() == (4, "[1.5, null, 1e999, -1e999]")


def test_values_that_sqlite_would_keep_as_blobs_raise(store: Store) -> None:
    fitness: Any = np.float32(0.5)
    with pytest.raises(TypeError, match="float32"):
        store.add_programs([replace(PROGRAM, fitness=fitness)])
    with pytest.raises(ValueError, match="fitness of program 0 is inf"):
        store.add_programs([replace(PROGRAM, fitness=math.inf)])
    assert list(store.programs()) == []


def test_notes_about_the_run_are_kept(store: Store, path: Path) -> None:
    store.set_meta("jax", "0.10.1")
    store.set_meta("jax", "0.10.2")
    store.set_meta("ray", "2.60")
    store.commit()
    with closing(Store.open(path)) as reader:
        assert reader.meta == {"jax": "0.10.2", "ray": "2.60"}


def test_columns_are_the_fields_of_the_rows(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        for table, row in (("programs", PROGRAM), ("trainings", TRAINING)):
            columns = [line[1] for line in other.execute(f"PRAGMA table_info({table})")]
            assert columns == [field.name for field in fields(row)]


def test_looks_read_back_and_are_not_replaced(store: Store) -> None:
    looks = [LookRow(200, "b", -0.1 / 3), LookRow(0, "a", 0.0)]
    for _ in range(2):
        store.add_looks(looks)
        assert list(store.looks()) == looks[::-1]
    for other in (replace(looks[0], digest="c"), replace(looks[0], search_fitness=0.5)):
        with pytest.raises(ContradictionError, match=r"looks \(200,\)"):
            store.add_looks([LookRow(300, "d", 0.0), other])
        assert list(store.looks()) == looks[::-1]
