"""Searches for tests: a made-up trainer, a small config and what a process holds.

`Oracle` trains nothing: it makes a loss up from the program's digest and the seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from dsl import digest, parse
from dsl.library import read_program
from evosearch.config import Config
from evosearch.counts import Counts
from evosearch.evaluate import Job, task_version
from evosearch.ledger import Ledger
from evosearch.rows import ProgramRow
from evosearch.search import Problem, Search
from evosearch.store import Store
from evosearch.summary import Trajectory
from evosearch.train import Outcome, Training
from evosearch.workers import Executor

TASK = Path(__file__).parent / "tasks" / "quadratic.py"
STEPS = 4
REFERENCE = digest(parse(read_program("adamw")))


def invented(job: Job) -> Training:
    """A result that depends on program, task and seed alone; some go wrong."""
    key = f"{job.digest} {job.task} {job.seed}".encode()
    number = int.from_bytes(sha256(key).digest()[:4], "big") / 2**32
    kind = int(job.digest[:2], 16)
    if job.digest == REFERENCE:
        kind = 255
    if kind < 40:
        return Training(Outcome.DIVERGED, float("nan"), (0.5,), 1, 0.0)
    if kind < 60:
        return Training(Outcome.IMPLAUSIBLE, -1.0, (0.5, 0.5), STEPS, 0.0)
    return Training(Outcome.OK, 1.0 + number, (0.5, 0.5), STEPS, 0.0)


class Oracle:
    """Results in the order of the jobs, one at a time; no job comes twice."""

    workers = 1

    def __init__(self, evaluate: Callable[[Job], Training] = invented) -> None:
        self.evaluate = evaluate
        self.seen: list[Job] = []
        self._jobs: list[Job] = []

    def submit(self, jobs: Sequence[Job]) -> None:
        assert not set(jobs) & set(self.seen)
        assert len(set(jobs)) == len(jobs)
        self.seen.extend(jobs)
        self._jobs.extend(jobs)

    def collect(self) -> list[tuple[Job, Training]]:
        assert self._jobs
        return [(job, self.evaluate(job)) for job in self._take(self._jobs)]

    def close(self) -> None:
        self._jobs.clear()

    def _take(self, jobs: list[Job]) -> list[Job]:
        return [jobs.pop(0)]


class Shuffling(Oracle):
    """Results in random order and in batches of random size."""

    def __init__(
        self, seed: int, evaluate: Callable[[Job], Training] = invented
    ) -> None:
        super().__init__(evaluate)
        self._random = Random(seed)

    def _take(self, jobs: list[Job]) -> list[Job]:
        self._random.shuffle(jobs)
        taken = self._random.randint(1, len(jobs))
        return [jobs.pop() for _ in range(taken)]


def config(programs: int | None = 150, **sections: Any) -> Config:
    tasks = sections.pop("tasks", 1)
    task = {"task": f"{TASK}:factory", "schedule": "constant", "warmup": 0.0}
    arguments = [{"noise": 0.1 + index} for index in range(tasks)]
    tree = {
        "name": "test",
        "seed": 1,
        "tasks": [{**task, "arguments": each} for each in arguments],
        "search": {"population": 20, "tournament": 3, "window": 8},
        "fitness": {"seeds": 2, "rotate": 40},
        "budget": {"programs": programs},
        "training": {"chunks": 2},
        "simplify": {"enabled": False},
    }
    for name, section in sections.items():
        tree[name] = (
            {**tree.get(name, {}), **section} if isinstance(section, dict) else section
        )
    return Config.model_validate(tree)


class Run:
    """A search over a store, as a process has it."""

    def __init__(self, config: Config, store: Store, executor: Executor) -> None:
        seed = parse(read_program("adamw"))
        versions = [task_version(task, config.training) for task in config.tasks]
        self.store = store
        self.executor = executor
        self.ledger = Ledger(store, executor, versions)
        self.search = Search(Problem(config, seed, seed), self.ledger)
        self._children = self.search.children()
        self.rows: list[ProgramRow] = []

    def go(self, children: int | None = None) -> "Run":
        self.rows += islice(self._children, children)
        return self

    def stop(self) -> None:
        """End as a process does that keeps what is settled."""
        self.store.commit()
        self.store.close()

    @property
    def counts(self) -> Counts:
        return self.search.counts

    @property
    def trajectory(self) -> str:
        trajectory = Trajectory()
        for row in self.rows:
            trajectory.add(row)
        return trajectory.hexdigest()


def timeless(row: ProgramRow) -> ProgramRow:
    return replace(row, seconds=0.0)


def final_counts(counts: Counts) -> dict[str, Any]:
    """All of them, but for how much an earlier process had done."""
    names = [field.name for field in fields(counts) if field.name != "replayed"]
    return {name: getattr(counts, name) for name in names}


def came_of(run: Run) -> tuple[list[ProgramRow], dict[str, Any]]:
    """The rows of a run and what was counted, without how long it took."""
    return list(map(timeless, run.rows)), final_counts(run.counts)


Start = Callable[..., Run]


def stopped_and_taken_up(
    start: Start,
    asked: Config,
    stop: int,
    evaluate: Callable[[Job], Training] = invented,
) -> Run:
    """A run that was stopped after some children, as another process takes it up.

    Results come in another order than before.
    """
    start(asked, Shuffling(0, evaluate), name="run").go(stop).stop()
    return start(asked, Shuffling(1, evaluate), name="run").go()
