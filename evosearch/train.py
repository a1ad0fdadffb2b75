"""Train one program on one task and data seed, and name how it ended."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from dsl.program import Program
from evosearch.errors import InputError
from evosearch.schedules import schedule_values
from evosearch.tasks.protocol import Task

VALIDATION: Final = "validation"
TEST: Final = "test"
"""Which held-out data measure the weights: `evaluate`, or `test` if it is there."""


class Outcome(StrEnum):
    """How a training ended."""

    OK = "ok"
    """All steps were taken and the loss is a number to be compared."""
    DIVERGED = "diverged"
    """Weights or loss became non-finite, or a weight passed the bound."""
    IMPLAUSIBLE = "implausible"
    """The loss is under the task's floor: an exploit of the task, not a success."""


@dataclass(frozen=True, slots=True)
class Training:
    """What one training gave.

    Attributes:
        outcome: how it ended; only `ok` has a loss that may be compared.
        loss: held-out loss after the last step (lower is better); NaN if diverged.
        chunk_losses: mean training loss of each chunk, up to where it ended.
        steps: training steps taken.
        seconds: wall time, the only field that is not reproducible.
    """

    outcome: Outcome
    loss: float
    chunk_losses: tuple[float, ...]
    steps: int
    seconds: float


@dataclass(frozen=True)
class Plan:
    """What every candidate of a task has in common: the steps and their rates.

    Attributes:
        task: what is trained.
        rates: the schedule's value at each step, peak 1; float32 `[steps]`.
        chunks: equal parts that the steps are cut into; candidates end only there.
        weight_bound: a weight beyond it, in absolute value, means diverged.
    """

    task: Task
    rates: np.ndarray
    chunks: int
    weight_bound: float

    @property
    def chunk_steps(self) -> int:
        return len(self.rates) // self.chunks

    @cached_property
    def layout(self) -> Layout:
        """How the task's weights lie in one vector."""
        shapes = jax.eval_shape(self.task.init, jax.random.key(0))
        return Layout.of(shapes)

    def init(self, seed: Any) -> Any:
        """The initial weights of a data seed: the same for every candidate."""
        return self.task.init(jax.random.fold_in(jax.random.key(seed), 0))

    def chunk(self, seed: int, number: int) -> Chunk:
        """The inputs of chunk `number` (from 0) of a data seed."""
        first = number * self.chunk_steps
        steps = np.arange(first, first + self.chunk_steps, dtype=np.int32)
        rates = self.rates[first : first + self.chunk_steps]
        batches = getattr(self.task, "batches", None)
        data = (
            None
            if batches is None
            else batches(_batch_key(seed), first, self.chunk_steps)
        )
        return Chunk(np.uint32(seed), steps, rates, data)

    def batch(self, seed: Any, step: Any, data: Any) -> Any:
        """The batch of one step: from the chunk's data, or made by the task."""
        if data is not None:
            return data
        return self.task.batch(jax.random.fold_in(_batch_key(seed), step))


class Chunk(NamedTuple):
    """Inputs of consecutive steps: data seed, step numbers from 0, rates, host data."""

    seed: Any
    steps: np.ndarray
    rates: np.ndarray
    data: Any


def _batch_key(seed: Any) -> Any:
    return jax.random.fold_in(jax.random.key(seed), 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """A pytree of float32 arrays as one vector, leaf after leaf."""

    structure: Any
    shapes: tuple[tuple[int, ...], ...]
    offsets: tuple[int, ...]

    @classmethod
    def of(cls, tree: Any) -> Layout:
        """Read the layout off a pytree of arrays or shapes.

        Raises:
            InputError: there is no weight array, or one is not float32.
        """
        leaves, structure = jax.tree.flatten(tree)
        kinds = {str(getattr(leaf, "dtype", type(leaf).__name__)) for leaf in leaves}
        if kinds != {"float32"}:
            found = ", ".join(sorted(kinds)) or "no arrays"
            raise InputError(
                f"init(key) returned {found}: it must return a pytree of "
                "float32 arrays, the weights that are trained"
            )
        shapes = tuple(tuple(leaf.shape) for leaf in leaves)
        sizes = [math.prod(shape) for shape in shapes]
        offsets = tuple(int(end) for end in np.cumsum([0, *sizes]))
        return cls(structure, shapes, offsets)

    @property
    def size(self) -> int:
        """Number of weights."""
        return self.offsets[-1]

    def leaves(self, vector: Any) -> list[Any]:
        """The vector cut into its leaves, each still flat."""
        bounds = zip(self.offsets[:-1], self.offsets[1:], strict=True)
        return [vector[first:last] for first, last in bounds]

    def tree(self, vector: Any) -> Any:
        """The pytree that a vector stands for."""
        leaves = zip(self.leaves(vector), self.shapes, strict=True)
        return self.structure.unflatten([leaf.reshape(shape) for leaf, shape in leaves])

    def vector(self, tree: Any) -> Any:
        """The vector that stands for a pytree."""
        return jnp.concatenate([leaf.reshape(-1) for leaf in jax.tree.leaves(tree)])


class Engine(Protocol):
    """What can train programs of one plan: the machine, or compiled programs."""

    plan: Plan

    def start(self, program: Program, seed: int) -> Any:
        """The slot of a program before its first step."""

    def advance(self, slot: Any, chunk: Chunk) -> tuple[Any, Any, Any]:
        """Take a chunk's steps: the slot, mean training loss, largest |weight|."""

    def weights(self, slot: Any) -> Any:
        """The pytree of a slot's weights."""


def make_plan(
    task: Task, *, schedule: str, warmup: float, chunks: int, weight_bound: float
) -> Plan:
    """Fix what all candidates of a task share.

    Args:
        task: what is trained, for `task.steps` steps.
        schedule: `constant`, `cosine` or `linear`.
        warmup: share of the steps over which the rate rises, in [0, 1).
        chunks: at most this many parts; the largest number that divides the steps.
        weight_bound: largest |weight| of a candidate that has not diverged.
    """
    rates = schedule_values(schedule, warmup, task.steps)
    parts = max(n for n in range(1, chunks + 1) if task.steps % n == 0)
    return Plan(task, rates, parts, weight_bound)


class Trainer:
    """Trains programs on one engine; keeps the compiled evaluation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        task = engine.plan.task
        self._measures: dict[str, Callable[[Any], Any]] = {
            VALIDATION: jax.jit(task.evaluate),
            TEST: jax.jit(getattr(task, "test", task.evaluate)),
        }

    def train(self, program: Program, seed: int, split: str = VALIDATION) -> Training:
        """Train a valid program from the data seed's initial weights.

        The only place where a non-finite number is interpreted.
        """
        began = time.perf_counter()
        plan = self.engine.plan
        slot = self.engine.start(program, seed)
        losses: list[float] = []
        outcome, loss = Outcome.OK, math.nan
        for number in range(plan.chunks):
            slot, mean, peak = self.engine.advance(slot, plan.chunk(seed, number))
            losses.append(float(mean))
            if not (math.isfinite(losses[-1]) and float(peak) <= plan.weight_bound):
                outcome = Outcome.DIVERGED
                break
        if outcome is Outcome.OK:
            loss = float(self._measures[split](self.engine.weights(slot)))
            outcome = _judge(loss, plan.task.floor)
        steps = len(losses) * plan.chunk_steps
        seconds = time.perf_counter() - began
        return Training(outcome, loss, tuple(losses), steps, seconds)


def _judge(loss: float, floor: float) -> Outcome:
    if not math.isfinite(loss):
        return Outcome.DIVERGED
    return Outcome.IMPLAUSIBLE if loss < floor else Outcome.OK
