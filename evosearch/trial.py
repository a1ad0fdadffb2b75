"""Tries out a config's tasks and functions of its own before anything is trained.

Of a task only shapes are computed: a moment, where training would compile for long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from evosearch.config import TaskConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import load_plan
from evosearch.function_trial import try_functions
from evosearch.own_functions import load_functions
from evosearch.plan import NOT_FOR_MANY, Layout, Plan
from evosearch.tasks.files import in_task_code
from evosearch.train import held_out


def try_task(config: TaskConfig, training: TrainingConfig) -> None:
    """Load a task and run through one step and its evaluation, on shapes alone.

    Raises:
        InputError: the task cannot be loaded, raises, or returns something else than
            `Task` asks for; one sentence that names the task.
    """
    plan = load_plan(config, training)
    try:
        in_task_code(config.task, lambda: _try(plan))
    except _Fault as fault:
        raise InputError(f"task {config.task}: {fault}") from None
    if config.slots > 1:
        problem = why_not_side_by_side(plan)
        if problem:
            raise InputError(
                f"task {config.task}: cannot be trained in slots ({problem}): set "
                "slots to 1"
            )


def why_not_side_by_side(plan: Plan) -> str:
    """Why a task cannot be trained in slots; empty if it can."""
    task, chunk = plan.task, plan.chunk(0, 0)

    def train(seed: Any) -> Any:
        weights = plan.init(seed)
        data = None if chunk.data is None else jax.tree.map(lambda x: x[0], chunk.data)
        batch = plan.batch(seed, np.int32(0), data)
        measures = [measure(weights) for measure in held_out(task).values()]
        return jax.value_and_grad(task.loss)(weights, batch), measures

    try:
        jax.eval_shape(jax.vmap(train), np.zeros(2, np.uint32))
    except NOT_FOR_MANY as error:
        return str(error).partition(". ")[0].strip()
    return ""


def try_all(
    tasks: Sequence[TaskConfig], training: TrainingConfig, functions: str | None
) -> None:
    """Try a config's tasks, and the functions that its file adds.

    Raises:
        InputError: as of `try_task` and `try_functions`, for the first that is wrong.
    """
    if functions is not None:
        try_functions(load_functions(functions), functions)
    for task in tasks:
        try_task(task, training)


_CALLED_WITH = {
    "init": ("key",),
    "batch": ("key",),
    "batches": ("key", "start", "steps"),
    "loss": ("params", "batch"),
    "evaluate": ("params",),
    "test": ("params",),
}
"""What a task's methods are given, as `Task` says."""


class _Fault(Exception):
    """What is wrong with what a method returned."""


def _try(plan: Plan) -> None:
    task = plan.task
    _check_calls(task)
    weights = jax.eval_shape(plan.init, np.uint32(0))
    try:
        Layout.of(weights)
    except InputError as error:
        raise _Fault(str(error)) from None
    chunk = plan.chunk(0, 0)
    data = None if chunk.data is None else _first_step(chunk.data, plan.chunk_steps)
    batch = jax.eval_shape(plan.batch, np.uint32(0), np.int32(0), data)
    _check_number("loss(params, batch)", task.loss, weights, batch)
    jax.eval_shape(jax.grad(task.loss), weights, batch)
    for name in ("evaluate", "test"):
        if hasattr(task, name):
            _check_number(f"{name}(params)", getattr(task, name), weights)


def _check_calls(task: object) -> None:
    """See that methods take what they are given: where not, no line of theirs runs."""
    for name, given in _CALLED_WITH.items():
        method = getattr(task, name, None)
        if method is None:
            continue
        try:
            asked = signature(method)
        except (TypeError, ValueError):  # a callable that does not tell
            continue
        try:
            asked.bind(*given)
        except TypeError as error:
            raise _Fault(
                f"{name}{asked} cannot be called as {name}({', '.join(given)}): {error}"
            ) from None


def _first_step(data: Any, steps: int) -> Any:
    """The shapes of one step in a chunk of host data."""
    for leaf in jax.tree.leaves(data):
        if np.shape(leaf)[:1] != (steps,):
            raise _Fault(
                f"batches(key, start, steps) returned an array of shape "
                f"{np.shape(leaf)} for {steps} steps: its first axis must be the steps"
            )
    return jax.tree.map(lambda leaf: leaf[0], data)


def _check_number(name: str, method: Callable[..., Any], *arguments: Any) -> None:
    result = jax.eval_shape(method, *arguments)
    if not isinstance(result, jax.ShapeDtypeStruct):
        found = type(result).__name__
    elif result.shape == () and jnp.issubdtype(result.dtype, jnp.floating):
        return
    else:
        found = f"{result.dtype}{list(result.shape)}"
    raise _Fault(f"{name} returned {found}: it must return one float32 number")
