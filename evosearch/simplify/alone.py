"""A program simplified on one task, outside of a run, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from dsl.program import Program
from dsl.unparse import unparse
from evosearch.choice import Circumstances, try_and_choose
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.evaluate import load_plan, task_version
from evosearch.ledger import Ledger
from evosearch.simplify.simplifying import Asked, Simplified, simplify_on_tasks
from evosearch.simplify.trials import Watch
from evosearch.store import Store
from evosearch.tasks.files import in_task_code
from evosearch.workers import Inline

_AT_ONCE = 64
"""Programs that are under way together, where there are slots for them."""


def simplify_alone(
    program: Program,
    task: TaskConfig,
    functions: str | None,
    asked: Asked,
    store: Path | None,
    say: Callable[[str], None],
    watch: Watch,
    stopped: Callable[[], bool],
) -> Simplified:
    """Simplify a program on a task.

    Args:
        program: a valid one.
        task: that it is trained on; engine and slots are chosen where they are open.
        functions: the file of the user's own functions, loaded already.
        asked: how.
        store: a file that keeps the trainings, for the same again; None keeps none.
        say, watch, stopped: as of `Evaluator` and `simplify_on_tasks`.

    Raises:
        InputError: the task does not work, the store is none, or the program fails.
        StoppedError: the user asked to stop.
    """
    training = TrainingConfig()
    here = Circumstances(training, unparse(program), asked.seeds, _AT_ONCE, 0)
    (choice,) = try_and_choose([task], here, functions)
    say(choice.reason)
    versions = [task_version(choice.task, training, functions)]
    with TemporaryDirectory() as folder:
        path = store or Path(folder) / "trainings.sqlite"
        kept = Store.open(path) if path.exists() else Store.create(path)
        executor = Inline((choice.task,), training, say)
        try:
            ledger = Ledger(kept, executor, versions)
            plan = load_plan(choice.task, training)
            return in_task_code(
                task.task,
                lambda: simplify_on_tasks(program, asked, ledger, plan, watch, stopped),
            )
        finally:
            executor.close()
            kept.commit()
            kept.close()
