"""Import a task's factory from a user's file, and lay its faults at the user's door."""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from evosearch.errors import InputError, did_you_mean

Result = TypeVar("Result")


def import_factory(reference: str) -> Callable[..., Any]:
    """Import what `path/to/file.py:name` names; relative to the current folder.

    The file becomes a module under a name made from its path, so that files of one
    name in two folders do not meet; `sys.path` stays as it is, so the file cannot
    import its neighbours.

    Raises:
        InputError: the file or the name is missing, or the file raises an exception.
    """
    place, _, name = reference.rpartition(":")
    path = Path(place)
    if not path.is_file():
        raise InputError(
            f"task {reference}: there is no file {place} in {Path.cwd()}: name it as "
            "path/to/file.py:factory"
        )
    module = _import(path.resolve(), reference)
    factory = getattr(module, name, None)
    if not callable(factory):
        functions = [key for key, value in vars(module).items() if callable(value)]
        hint = did_you_mean(name, functions) if functions else "it defines none"
        raise InputError(f"task {reference}: {place} defines no function {name!r}: {hint}")

    def guarded(**arguments: Any) -> Any:
        return _in_user_code(lambda: factory(**arguments), path.resolve(), reference)

    return functools.wraps(factory)(guarded)


def _import(path: Path, reference: str) -> ModuleType:
    name = f"evosearch_task_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"task {reference}: {path.name} is no Python file: name a .py")
    module = module_from_spec(spec)
    # Before it runs: dataclasses and pickle look a class's module up there.
    sys.modules[name] = module
    try:
        _in_user_code(lambda: loader.exec_module(module), path, reference)
    except InputError:
        del sys.modules[name]
        raise
    return module


def _in_user_code(call: Callable[[], Result], path: Path, reference: str) -> Result:
    """Call code of the user; any exception of theirs becomes one sentence.

    The one border where every exception is caught: what a user's file may raise is
    not ours to list, and it is a fault of the input, not of the search. The original
    is chained, for whoever needs the traceback.
    """
    try:
        return call()
    except InputError:
        raise
    except Exception as error:
        line = _line(error, path)
        raise InputError(
            f"task {reference}: {path}, line {line}: {type(error).__name__}: {error}"
        ) from error


def _line(error: Exception, path: Path) -> int:
    """The last line of the user's file that was running, or cannot be parsed."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__)
    return max([0, *(f.lineno or 0 for f in frames if f.filename == str(path))][-1:])
