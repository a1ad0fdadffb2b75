"""What a program is trained with outside of a run: one task, here or by workers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from filelock import FileLock, Timeout

from dsl.program import Program
from dsl.unparse import unparse
from evosearch.apart import call_apart
from evosearch.choice import Circumstances, try_and_choose, try_and_choose_apart
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import load_plan, task_version
from evosearch.ledger import Ledger
from evosearch.plan import Plan
from evosearch.store import Store
from evosearch.workers import make_executor, require_cluster

_AT_ONCE = 64
"""Programs that are under way together, where there are slots for them."""


class Kept(NamedTuple):
    """A file that keeps trainings for the same again, as the user knows it.

    Attributes:
        path: of the file, which is made if there is none.
        name: what sentences call it.
        mend: what to do where it cannot be used.
    """

    path: Path
    name: str
    mend: str

    @classmethod
    def by_option(cls, path: Path | None) -> Kept | None:
        """What `--store` names, if it is given."""
        name = f"--store {path}"
        return None if path is None else cls(path, name, "name another file")

    @classmethod
    def in_folder(cls, path: Path) -> Kept:
        """A file that a command keeps in its own folder."""
        mend = "delete it, and the same command makes it again"
        return cls(path, str(path), mend)


class Bench(NamedTuple):
    """A ledger that trains on one task, and what loads the task's plan.

    Loading it starts JAX, which a process that starts Ray later should not have done.
    """

    ledger: Ledger
    plan: Callable[[], Plan]


@contextmanager
def bench(
    task: TaskConfig,
    functions: str | None,
    program: Program,
    kept: Kept | None,
    say: Callable[[str], None],
    workers: int = 1,
) -> Iterator[Bench]:
    """Try a task, choose its engine and slots where they are open, and open the store.

    Args:
        task: that programs are trained on.
        functions: the file of the user's own functions, loaded already.
        program: one that is trained on it, to see how long it takes.
        kept: the file that keeps the trainings; None keeps none.
        say: is told what the user should know of this machine.
        workers: that train; 1 is this process, 0 a Ray worker for each core or GPU.

    Raises:
        InputError: the task does not work, or the file is no store.
    """
    training = TrainingConfig()
    alone = workers == 1
    here = Circumstances(
        training, unparse(program), 1, _AT_ONCE, 0 if alone else workers
    )
    if alone:
        (choice,) = try_and_choose([(task, here)], functions)
    else:
        require_cluster()
        what = f"task: the process that tried {task.task}"
        (choice,) = call_apart(what, try_and_choose_apart, [(task, here)], functions)
    versions = [task_version(choice.task, training, functions)]
    with TemporaryDirectory() as folder:
        unnamed = Path(folder) / "trainings.sqlite"
        passing = Kept(unnamed, str(unnamed), "name another with --store")
        with _opened(kept or passing) as store:
            say(choice.reason)
            kind = "inline" if alone else "ray"
            executor = make_executor(
                kind, workers, (choice.task,), training, functions, say
            )
            try:
                ledger = Ledger(store, executor, versions)
                yield Bench(ledger, partial(load_plan, choice.task, training))
            finally:
                executor.close()


@contextmanager
def _opened(kept: Kept) -> Iterator[Store]:
    """A file of trainings, made if there is none, and held against other processes."""
    path, name, mend = kept
    if path.exists() and not path.is_file():
        raise InputError(f"{name}: no file to keep trainings in; {mend}")
    if not path.parent.is_dir():
        raise InputError(
            f"{name}: there is no folder {path.parent}; make it first, or {mend}"
        )
    try:
        with FileLock(path.with_name(f".{path.name}.lock"), blocking=False):
            store = Store.open(path, mend) if path.exists() else Store.create(path)
            try:
                if next(store.programs(), None) is not None:
                    raise InputError(
                        f"{name}: the record of a run, which takes no other "
                        f"trainings; {mend}"
                    )
                yield store
                store.commit()
            finally:
                store.close()
    except Timeout:
        raise InputError(
            f"{name}: another evosearch is using it; wait for it"
        ) from None
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"{name}: {error}; if the disk is full, free some space, and the same "
            f"command goes on; else {mend}"
        ) from None
