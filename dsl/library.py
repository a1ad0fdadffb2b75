"""The programs that come with the language, by name: seeds and parity cases."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

_SUFFIX = ".opt"


def program_names() -> tuple[str, ...]:
    """Names of the programs, sorted: `adamw`, `lion`, `paper/program8`, ..."""
    return tuple(sorted(_names(_folder(), "")))


def read_program(name: str) -> str:
    """Return the text of a program.

    Raises:
        KeyError: there is no program of this name.
    """
    if name not in program_names():
        raise KeyError(name)
    return _folder().joinpath(*f"{name}{_SUFFIX}".split("/")).read_text("ascii")


def _folder() -> Traversable:
    return files("dsl").joinpath("programs")


def _names(folder: Traversable, prefix: str) -> list[str]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _names(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            found.append(prefix + entry.name.removesuffix(_SUFFIX))
    return found
