"""One run from its config to its result: the rim where the search meets the world."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from dsl.functions import FUNCTIONS
from dsl.parse import parse
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch import handover
from evosearch.begun import require_same_problem
from evosearch.compile_cache import describe
from evosearch.config import Config
from evosearch.counts import Counts
from evosearch.evaluate import task_version
from evosearch.final import Final, choose_and_compare
from evosearch.folder import BEST, BEST_RAW, STORE, RunFolder, functions_of
from evosearch.ledger import Ledger
from evosearch.losses import StoppedError
from evosearch.meta_validation import Look, MetaValidation
from evosearch.rows import ProgramRow
from evosearch.search import Problem, Search
from evosearch.store import Store
from evosearch.summary import Trajectory, summarise
from evosearch.workers import Executor, make_executor

_COMMIT_SECONDS = 1.0
"""The store is made durable this often: what a killed process can lose."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a live view shows: where a run is now.

    Attributes:
        counts: of the search.
        best: the fittest child so far.
        seconds: since this process began.
        elapsed: seconds of searching, those before an interruption included.
        workers: that train.
        look: the last one of meta-validation, if there is any.
    """

    counts: Counts
    best: ProgramRow
    seconds: float
    elapsed: float
    workers: int
    look: Look | None = None


class Watcher(Protocol):
    """Who is told how a run goes on."""

    def search(self, moment: Moment) -> None:
        """Another child is settled."""

    def judge(self, what: str, done: int, total: int) -> None:
        """The final comparison goes on, or what comes after it."""


def run(
    problem: Problem,
    folder: RunFolder,
    watcher: Watcher,
    stopped: Callable[[], bool],
) -> dict[str, Any]:
    """Search, judge and write everything into the folder; returns the summary.

    Args:
        problem: what to do; a folder that was worked in before is resumed.
        folder: where results go.
        watcher: is told of progress.
        stopped: asked after each child and each program that is judged; if true, the
            run ends in good order, to be resumed later.

    Raises:
        InputError: it cannot be begun, or taken up again as it is asked to: the folder
            is as it was then. Or a user's task raised.
    """
    began = time.monotonic()
    config = problem.config
    path = folder.path / STORE
    mend = "put back what was there, or begin anew without that folder"
    store = Store.open(path, mend) if path.exists() else Store.create(path)
    own = functions_of(folder.path, config)
    tasks = config.tasks + config.meta_validation.used
    versions = [
        task_version(task, config.training, config.functions, own) for task in tasks
    ]
    require_same_problem(store, problem, versions)
    executor = make_executor(
        config.workers.executor,
        config.workers.count,
        tasks,
        config.training,
        own,
        folder.log,
    )
    folder.log(f"training with {config.workers.executor}, workers: {executor.workers}")
    folder.log(describe())
    if any(FUNCTIONS[name].matrices for name in problem.functions):
        folder.log(
            "programs that use matrices are compiled, each for itself, whatever the "
            "engine"
        )
    try:
        count = len(config.tasks)
        ledger = Ledger(store, executor, versions[:count])
        session = _Session(folder, watcher, executor, began)
        return session.run(problem, ledger, ledger.beside(versions[count:]), stopped)
    finally:
        executor.close()
        store.close()


class _Session:
    """What one process does for a run; its clock and its voice."""

    def __init__(
        self, folder: RunFolder, watcher: Watcher, executor: Executor, began: float
    ) -> None:
        self._folder = folder
        self._watcher = watcher
        self._executor = executor
        self._began = began
        self._committed = began
        self._trajectory = Trajectory()

    def run(
        self,
        problem: Problem,
        ledger: Ledger,
        held_out: Ledger,
        stopped: Callable[[], bool],
    ) -> dict[str, Any]:
        config = problem.config
        search = Search(problem, ledger)
        meta = MetaValidation(config, problem.reference, held_out, search.twins)
        ended = self._search(search, meta, ledger, config, stopped)
        if ended:
            search.require_all_replayed()
        self._folder.confirm()
        ledger.store.commit()
        ended = ended and meta.finish(self._watcher.judge, stopped)
        final, handed_over = None, self._folder.handed_over()
        if ended:
            if handed_over is None:
                found = ledger.store.best(1)[0]
                self._write_best(found, "not judged on fresh seeds yet")
            self._folder.log("search ended; judging on fresh seeds")
            final = choose_and_compare(problem, ledger, self._watcher.judge, stopped)
        best = ledger.store.best(1)[0] if final is None else final.chosen
        summary = summarise(
            run=str(self._folder.path),
            counts=search.counts,
            trajectory=self._trajectory.hexdigest(),
            seed_fitness=search.seed_fitness,
            seconds=search.seconds(),
            best=best,
            final=final,
            meta=meta.result,
        )
        ledger.store.commit()
        handing = final is not None and config.simplify.enabled
        # What a run handed over before stays there until it is made again.
        if not (handing and handed_over == best.digest):
            self._write(summary, best, final)
        if handing:
            summary = self._hand_over(problem, ledger, search, summary, stopped)
        self._folder.log("stopped" if summary["interrupted"] else "done")
        return summary

    def _hand_over(
        self,
        problem: Problem,
        ledger: Ledger,
        search: Search,
        summary: dict[str, Any],
        stopped: Callable[[], bool],
    ) -> dict[str, Any]:
        """Simplify and export; the summary with what came of it."""
        self._folder.log("simplifying, identifying and exporting what was chosen")
        session = handover.Session(
            self._folder,
            problem.config,
            ledger,
            search.counts.steps,
            self._watcher.judge,
            stopped,
        )
        handed = None
        with suppress(StoppedError):
            handed = handover.hand_over(summary["best"]["program"], session)
        ledger.store.commit()
        summary |= {
            "interrupted": handed is None,
            "handover": handed,
            "seconds": search.seconds(),
        }
        self._folder.write_summary(summary)
        return summary

    def _search(
        self,
        search: Search,
        meta: MetaValidation,
        ledger: Ledger,
        config: Config,
        stopped: Callable[[], bool],
    ) -> bool:
        """Drive the search; False if it was stopped before its budget was used up."""
        best = search.seed_row
        minutes = config.budget.minutes
        meta.look(0, search.members, search.counts.steps)
        for row in search.children():
            self._trajectory.add(row)
            meta.look(row.number, search.members, search.counts.steps)
            is_new = search.counts.made > search.counts.replayed
            if is_new:
                self._folder.confirm()
            if row.fitness is not None and row.fitness < (best.fitness or 0.0):
                best = row
                if is_new:  # what was replayed is in the log already
                    self._folder.log(f"child {row.number}: fitness {row.fitness:.5f}")
            now = time.monotonic()
            if now - self._committed > _COMMIT_SECONDS:
                ledger.store.commit()
                self._committed = now
            moment = Moment(
                counts=search.counts,
                best=best,
                seconds=now - self._began,
                elapsed=search.seconds(),
                workers=self._executor.workers,
                look=meta.last,
            )
            self._watcher.search(moment)
            if stopped():
                self._folder.log(f"stopped after child {row.number}")
                return False
            # By the stored time, so that a run that is resumed ends at the same child.
            if minutes is not None and row.seconds > 60.0 * minutes:
                self._folder.log(f"time limit reached after child {row.number}")
                break
        return True

    def _write(
        self, summary: dict[str, Any], best: ProgramRow, final: Final | None
    ) -> None:
        judged = "not judged on fresh seeds yet" if final is None else "chosen"
        self._write_best(best, judged)
        self._folder.write_summary(summary)

    def _write_best(self, best: ProgramRow, judged: str) -> None:
        title = f"# program {best.number} of {self._folder.path.name}, {judged}\n"
        pruned = unparse(prune(parse(best.text)))
        self._folder.write(BEST, f"{title}{pruned}")
        self._folder.write(BEST_RAW, f"{title}{best.text}")
