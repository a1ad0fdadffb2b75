"""The tasks that programs are trained on: the built-in ones, and a user's own files.

Names and descriptions cost nothing; a task's module, and with it JAX, is imported
when the task is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from evosearch.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from evosearch.tasks.protocol import Task


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A row of `TASKS`: the factory of a built-in task, imported when it is used.

    Attributes:
        name: of the task, of its factory and of its module in this folder.
        doc: one line: what is trained on what.
    """

    name: str
    doc: str

    def factory(self) -> Callable[..., Task]:
        """Import the function that makes the task."""
        module = import_module(f"evosearch.tasks.{self.name}")
        factory: Callable[..., Task] = getattr(module, self.name)
        return factory

    def __call__(self, **arguments: Any) -> Task:
        """Make the task."""
        return self.factory()(**arguments)

    def manual(self) -> str:
        """What the task is, its arguments with their defaults, and its sizes."""
        factory = self.factory()
        defaults = [
            f"{name}={parameter.default!r}"
            for name, parameter in inspect.signature(factory).parameters.items()
            if parameter.default is not parameter.empty
        ]
        return f"{self.name}: {', '.join(defaults)}\n\n{inspect.getdoc(factory)}"


_ROWS = (
    BuiltIn("charlm", "a causal transformer predicts characters of English text"),
    BuiltIn("digits", "a small vision transformer reads scikit-learn's 8x8 digits"),
)

TASKS: Mapping[str, BuiltIn] = MappingProxyType({row.name: row for row in _ROWS})
"""Every built-in task by name; a row is called with the task's arguments."""


def load_task(reference: str, arguments: Mapping[str, Any]) -> Task:
    """Make a task.

    Args:
        reference: a name in `TASKS`, or `path/to/file.py:factory`, relative to the
            current folder: any function whose result has what `Task` asks for.
        arguments: the factory's, by name.

    Raises:
        InputError: one sentence: the task, the file or an argument is unknown or
            wrong, the user's code fails, or what it returns is no task.

    Example:
        >>> load_task("charm", {})
        Traceback (most recent call last):
        evosearch.errors.InputError: task charm: did you mean charlm?
    """
    # Here, not above: these import what a mere listing of names does not need.
    from evosearch.tasks.arguments import check_arguments
    from evosearch.tasks.files import make_from_file
    from evosearch.tasks.protocol import check_task

    source = f"task {reference}"
    if reference in TASKS:
        factory = TASKS[reference].factory()
        check_arguments(factory, arguments, source)
        return factory(**arguments)
    if ":" in reference:
        return check_task(make_from_file(reference, arguments), source)
    if reference.endswith(".py"):
        raise InputError(
            f"{source}: name the function in it too, as {reference}:factory"
        )
    raise InputError(f"{source}: {did_you_mean(reference, TASKS)}")
