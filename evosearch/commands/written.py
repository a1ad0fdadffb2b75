"""A file that a command writes: whole under its name, or not there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

from evosearch.errors import InputError
from evosearch.stop import StopOnInterrupt


def writing() -> StopOnInterrupt:
    """While it is entered, Ctrl-C waits for what a study or funnel writes."""
    return StopOnInterrupt(partial(typer.echo, err=True), "what was found is written")


def require_place(path: Path, option: str) -> None:
    """See that a file can be there, before the work that makes its text.

    Raises:
        InputError: it is a folder, or its own folder is missing.
    """
    try:
        is_folder, has_folder = path.is_dir(), path.resolve().parent.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL
        raise InputError(f"{option} {path}: no path ({error})") from None
    if is_folder:
        raise InputError(f"{option} {path}: a folder; name a file in it")
    if not has_folder:
        raise InputError(
            f"{option} {path}: there is no folder {path.parent}; make it first, or "
            "name another"
        )


def write_whole(path: Path, text: str, option: str) -> None:
    """Write a file, over the one that is there if any, which stays if this fails.

    Raises:
        InputError: it cannot be written.
    """
    path = path.resolve() if path.is_file() else path
    try:
        if (
            path.exists() and not path.is_file()
        ):  # a device or a pipe is no file to replace
            path.write_text(text, encoding="utf-8")
            return
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{option} {path}: cannot be written ({error.strerror}); name another file"
        ) from None


def write_program(path: Path, text: str, option: str) -> None:
    """Write what the user asked for with an option, as `write_whole`, and say so."""
    write_whole(path, text, option)
    typer.echo(f"written to {path}", err=True)
