"""What a training task is: the one interface between models and the search.

A task is any object with these attributes and methods; nothing is inherited. Put a
function that makes one in a file of your own and name it in a config as
`path/to/file.py:function`, with its arguments beside it. Any JAX library can stand
behind it, as long as the weights are a pytree of float32 arrays.

Example:
    A task in full, a line fitted to points (`tests/tasks/mlp.py` is a larger one):

    >>> import jax, jax.numpy as jnp
    >>> class Line:
    ...     steps, floor = 100, 0.0
    ...     def init(self, key):
    ...         return {"slope": jnp.zeros(()), "offset": jnp.zeros(())}
    ...     def batch(self, key):
    ...         x = jax.random.normal(key, (16,))
    ...         return x, 3.0 * x - 1.0
    ...     def loss(self, params, batch):
    ...         x, y = batch
    ...         return jnp.mean((params["slope"] * x + params["offset"] - y) ** 2)
    ...     def evaluate(self, params):
    ...         return self.loss(params, self.batch(jax.random.key(0)))
    >>> task = check_task(Line(), "line")
    >>> weights = task.init(jax.random.key(1))
    >>> gradient = jax.grad(task.loss)(weights, task.batch(jax.random.key(2)))
    >>> print(bool(gradient["slope"] < 0), bool(gradient["offset"] > 0))
    True True
"""

from __future__ import annotations

import math
from typing import Any, Protocol, cast

from evosearch.errors import InputError


class Task(Protocol):
    """A model, its data and how it is judged.

    The search compiles the methods, some inside one long loop, and runs them for many
    programs at once. So they are pure: the same arguments give the same arrays, and
    nothing is read, written or counted on the side. A key is a JAX random key
    (`jax.random.key`); all chance comes from it, and every program is given the same
    keys, so that all start from the same weights and see the same batches.

    Two methods are optional, and not written below:

    - `batches(key, start, steps)`, in the place of `batch`, for data that live on the
      host: the batches of `steps` consecutive steps from step `start` (from 0) as one
      pytree of numpy arrays with a leading axis `[steps]`. It is called outside the
      compiled loop, with the same key for all steps of a training.
    - `test(params)`: as `evaluate`, on data that `evaluate` never sees; only the final
      report uses it. Without it the report falls back on `evaluate`.
    """

    @property
    def steps(self) -> int:
        """Number of training steps, at least 1."""

    @property
    def floor(self) -> float:
        """A value of `evaluate` under it is an exploit of the task, not a success.

        Set it where no honest training can come: evolution finds every hole in a
        loss within minutes. `-inf` allows everything.
        """

    def init(self, key: Any) -> Any:
        """Initial weights: a pytree of float32 arrays of any shapes."""

    def batch(self, key: Any) -> Any:
        """One training batch: a pytree of arrays, made in JAX, of fixed shapes."""

    def loss(self, params: Any, batch: Any) -> Any:
        """Training loss of the weights on a batch: a float32 scalar, differentiated."""

    def evaluate(self, params: Any) -> Any:
        """What the weights are judged by, on held-out data: a float32 scalar.

        Lower is better: give a loss, or an error rate, never an accuracy. Fitness is a
        difference relative to a reference's value, so the values should be positive.
        """


def check_task(candidate: object, source: str) -> Task:
    """Give back an object that has what a task needs.

    Args:
        candidate: what a factory returned.
        source: where it comes from, for the message.

    Raises:
        InputError: an attribute or method is missing or is not what it should be.
    """
    fault = _find_fault(candidate)
    if fault:
        kind = type(candidate).__name__
        raise InputError(
            f"{source}: the object it returned ({kind}) {fault}; "
            "evosearch/tasks/protocol.py says what a task has"
        )
    return cast(Task, candidate)


def _find_fault(candidate: object) -> str | None:
    """What is wrong with a candidate, as the end of a sentence."""
    steps, floor = (getattr(candidate, name, None) for name in ("steps", "floor"))
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        return f"needs `steps`, a whole number of 1 or more, and has {steps!r}"
    if not isinstance(floor, (int, float)) or isinstance(floor, bool):
        return f"needs `floor`, a number, and has {floor!r}"
    if math.isnan(floor):
        return "needs `floor`, a number, and has NaN"
    return _find_missing_method(candidate)


def _find_missing_method(candidate: object) -> str | None:
    present = {
        name
        for name in ("init", "loss", "evaluate", "batch", "batches", "test")
        if callable(getattr(candidate, name, None))
    }
    missing = [name for name in ("init", "loss", "evaluate") if name not in present]
    if missing:
        return f"has no method `{missing[0]}`"
    if not present & {"batch", "batches"}:
        return "has neither a method `batch(key)` nor `batches(key, start, steps)`"
    if {"batch", "batches"} <= present:
        return "has both `batch` and `batches`, of which a task has one"
    if hasattr(candidate, "test") and "test" not in present:
        return "has a `test` that cannot be called"
    return None
