"""Users' Python files: run as modules, their faults told as one sentence each.

Of tasks and of functions; a task is made here too.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import shorten
from types import ModuleType
from typing import Any, TypeVar

from evosearch.errors import InputError, did_you_mean
from evosearch.tasks.arguments import check_arguments

Result = TypeVar("Result")

_LONGEST_QUOTE = 300
"""Characters of an exception's text that are repeated."""


def make_from_file(reference: str, arguments: Mapping[str, Any]) -> object:
    """Call the factory that `path/to/file.py:factory` names; give what it returns.

    The path is relative to the current folder. The file becomes a module under a name
    made from its path, so that files of one name in two folders do not meet;
    `sys.path` stays as it is, so the file cannot import its neighbours.

    Raises:
        InputError: the file or the factory is missing, an argument is wrong, or the
            user's code raises an exception.
    """
    place, _, name = reference.rpartition(":")
    path, source = Path(place).resolve(), f"task {reference}"
    if not path.is_file():
        raise InputError(
            f"{source}: there is no file {path}: name one as path/to/file.py:factory, "
            "relative to the current folder"
        )
    factory = _find(import_file(path, source), name, source)
    check_arguments(factory, arguments, source)
    return in_user_code(lambda: factory(**arguments), path, source)


def in_task_code(reference: str, call: Callable[[], Result]) -> Result:
    """Call something that calls a task's methods, through JAX or not.

    An exception that came through the user's file is theirs and becomes one sentence;
    any other is ours and stays as it is.

    Raises:
        InputError: the user's code raised.
    """
    path = Path(reference.rpartition(":")[0]).resolve()
    try:
        return call()
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        if _line(error, path) is None:
            raise
        raise _blamed(error, path, f"task {reference}") from error


def _find(module: ModuleType, name: str, source: str) -> Callable[..., Any]:
    factory: Callable[..., Any] | None = getattr(module, name, None)
    if callable(factory):
        return factory
    own = [
        key
        for key, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", None) == module.__name__
    ]
    hint = did_you_mean(name, own) if own else "the file defines none"
    raise InputError(f"{source}: there is no function {name!r}: {hint}")


def import_file(path: Path, source: str) -> ModuleType:
    """Run a user's file as a module.

    Raises:
        InputError: it is no Python file, or it raises; `source` names it.
    """
    name = f"evosearch_task_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{source}: {path.name} is no Python file: name a .py file")
    module, execute = module_from_spec(spec), spec.loader.exec_module
    # Before it runs: dataclasses and pickle look a class's module up there.
    sys.modules[name] = module
    try:
        in_user_code(lambda: execute(module), path, source)
    except InputError:
        del sys.modules[name]
        raise
    return module


def in_user_code(call: Callable[[], Result], path: str | Path, source: str) -> Result:
    """Call code of the user; any exception of theirs becomes one sentence.

    With `in_task_code` the one border where every exception is caught: what a user's
    file may raise is not ours to list, and it is a fault of the input, not of the
    search. The original is chained, for whoever needs the traceback.
    """
    try:
        return call()
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise _blamed(error, Path(path).resolve(), source) from error


def _blamed(error: BaseException, path: Path, source: str) -> InputError:
    said = str(error)
    if type(error).__module__.partition(".")[0] in ("jax", "jaxlib"):
        # What follows the first sentence tells of tracers and of JAX's files.
        said = said.partition("\n")[0].partition(". ")[0].removesuffix(".")
    said = shorten(" ".join(said.split()), _LONGEST_QUOTE, placeholder=" ...")
    line = _line(error, path)
    where = path.name if line is None else f"{path.name}, line {line}"
    return InputError(f"{source}: {where} raised {type(error).__name__}: {said}")


def _line(error: BaseException, path: Path) -> int | None:
    """The last line of the user's file that ran, or that cannot be parsed."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return lines[-1] if lines else None
