"""The store's file: whole batches outlive the writer, no other file is taken for it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from evosearch.errors import InputError
from evosearch.store import ContradictionError, Store
from evosearch.tables import VERSION
from tests.evosearch.test_store import PROGRAM, TRAINING


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store.create(path)) as store:
        yield store


def test_a_reader_sees_all_of_a_transaction_or_nothing(
    store: Store, path: Path
) -> None:
    store.add_programs([PROGRAM])
    with closing(Store.open(path)) as reader:
        assert list(reader.programs()) == []
        store.add_trainings([TRAINING])
        store.commit()
        store.add_programs([replace(PROGRAM, number=1)])
        assert list(reader.programs()) == [PROGRAM]
        assert reader.training("d0", "charlm-1", 7, "validation") == TRAINING


def test_a_contradiction_leaves_the_rest_of_the_transaction(
    store: Store, path: Path
) -> None:
    store.add_programs([PROGRAM])
    with pytest.raises(ContradictionError):
        store.add_programs([replace(PROGRAM, number=1), replace(PROGRAM, live=9)])
    store.commit()
    with closing(Store.open(path)) as reader:
        assert list(reader.programs()) == [PROGRAM]


KILLED = """
import os, signal, sys
from dataclasses import replace
from evosearch.store import Store
from tests.evosearch.test_store import PROGRAM
store = Store.create(sys.argv[1])
store.add_programs([PROGRAM])
store.commit()
store.add_programs([replace(PROGRAM, number=1)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer_loses_only_what_was_not_committed(path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -signal.SIGKILL
    with closing(Store.open(path)) as store:
        assert list(store.programs()) == [PROGRAM]
        store.add_programs([replace(PROGRAM, number=1)])


def _no_database(path: Path) -> None:
    path.write_text("This is a text, longer than the header of a database. " * 9)


def _foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE programs (number)")


def _other_version(path: Path) -> None:
    Store.create(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Path.mkdir, "is not there; name the folder of a run"),
        (lambda path: None, "is not there; name the folder of a run"),
        (Path.touch, "is a database, but not one of evosearch"),
        (_no_database, "is not the record of a run: file is not a database"),
        (_foreign_database, "is a database, but not one of evosearch"),
        (
            _other_version,
            f"version 99 of the record and this evosearch reads {VERSION}",
        ),
    ],
)
def test_a_file_that_is_no_store_is_told_in_one_sentence_and_left_alone(
    path: Path, make: Callable[[Path], None], message: str
) -> None:
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError, match=message) as caught:
        Store.open(path, "use none")
    told = str(caught.value)
    assert told.startswith(str(path))
    assert told.endswith(("name the folder of a run", "use none"))
    assert (path.read_bytes() if path.is_file() else None) == before


def test_create_replaces_nothing(store: Store, path: Path) -> None:
    with pytest.raises(InputError, match="exists; resume its run or name another"):
        Store.create(path)
    with pytest.raises(InputError, match="cannot be made: No such file or directory"):
        Store.create(path.parent / "a" / "b")
