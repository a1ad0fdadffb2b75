"""What all candidates of a task share: steps, rates, batches, layout of weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from evosearch.errors import InputError
from evosearch.schedules import schedule_values
from evosearch.tasks.protocol import Task

NOT_FOR_MANY = (NotImplementedError, ValueError)
"""What JAX raises where `vmap` meets what has no meaning for many at once: a callback
without a rule, and one that has to keep its order."""

_LARGEST = 2**20
"""Bytes of a chunk's batches that may be kept, so that they stay in a cache."""


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
        return self.task.init(jax.random.fold_in(_key(seed), 0))

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

    @property
    def makes_batches(self) -> bool:
        """Whether the task makes batches on the device, and none come from the host."""
        return getattr(self.task, "batches", None) is None

    def chunk_of(self, seed: Any, number: Any) -> Chunk:
        """As `chunk`, on the device; for a plan that `makes_batches`."""
        rates = jnp.asarray(self.rates).reshape(self.chunks, self.chunk_steps)
        steps = number * self.chunk_steps + jnp.arange(self.chunk_steps)
        return Chunk(seed, steps, rates[number], None)

    def batch(self, seed: Any, step: Any, data: Any) -> Any:
        """The batch of one step: from the chunk's data, or made by the task."""
        if data is not None:
            return data
        return self.task.batch(jax.random.fold_in(_batch_key(seed), step))

    def made_at_once(self, chunk: Chunk) -> bool:
        """Whether `made_batches` may make those of a chunk: small ones of the task's.

        And not by means that JAX cannot repeat for many steps, such as a callback.
        """
        if chunk.data is not None:
            return False
        try:
            shapes = jax.tree.leaves(jax.eval_shape(self.made_batches, chunk))
        except NOT_FOR_MANY:
            return False
        size: int = sum(math.prod(each.shape) * each.dtype.itemsize for each in shapes)
        return size <= _LARGEST

    def made_batches(self, chunk: Chunk) -> Any:
        """The batches that the task makes for a chunk, `[steps, ...]` in each array.

        XLA's loops for random numbers cost the same for one step and for all.
        """
        return jax.vmap(lambda step: self.batch(chunk.seed, step, None))(chunk.steps)


class Chunk(NamedTuple):
    """Inputs of consecutive steps: data seed, step numbers from 0, rates, host data."""

    seed: Any
    steps: Any
    rates: Any
    data: Any


def _batch_key(seed: Any) -> Any:
    return jax.random.fold_in(_key(seed), 1)


def _key(seed: Any) -> Any:
    """Of the one generator that draws the same for one slot as for many."""
    return jax.random.key(seed, impl="threefry2x32")


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
        if 0 in sizes:
            raise InputError(
                f"task: init(key) returned an array of shape {shapes[sizes.index(0)]}, "
                "which holds no weight: leave it away"
            )
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

    def put(self, rows: Any, row: int, tree: Any) -> Any:
        """The register file with a pytree in one of its rows.

        Leaf by leaf: XLA's code for a concatenation asks of each number whose it is.
        """
        for leaf, first in zip(jax.tree.leaves(tree), self.offsets[:-1], strict=True):
            rows = lax.dynamic_update_slice(rows, leaf.reshape(1, -1), (row, first))
        return rows

    def vector(self, tree: Any) -> Any:
        """The vector that stands for a pytree."""
        return jnp.concatenate([leaf.reshape(-1) for leaf in jax.tree.leaves(tree)])


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
    parts = max(n for n in range(1, min(chunks, task.steps) + 1) if task.steps % n == 0)
    return Plan(task, rates, parts, weight_bound)
