"""`check`: a program's types, live part and names, or its first error."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from dsl.check import infer_types
from dsl.digest import digest
from dsl.errors import DslError
from dsl.fingerprint import fingerprint
from dsl.live import live, live_in_one_call
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.engine import COMPILED, MACHINE, engine_for
from evosearch.errors import InputError
from evosearch.opening import load_program

_ENGINES = {
    MACHINE: "the virtual machine",
    COMPILED: "XLA, compiled for it alone: it uses matrices",
}


def check_program(name: str, one_of_many: bool, silent: bool) -> dict[str, Any]:
    """Check a program by its name or path and, unless `silent`, print what was found.

    Of many programs only a line each is printed. An error goes to standard error.
    """
    try:
        program = load_program(name)
    except (DslError, InputError) as error:
        if not silent:
            # What is wrong with a file, not with its text, names it itself.
            named = one_of_many and isinstance(error, DslError)
            told = f"{name}: {error}" if named else str(error)
            typer.echo(f"error: {told}", err=True)
        return {"file": name, **refused(error)}
    found = {"file": name, **checked(program)}
    if not silent and one_of_many:
        counts = f"{found['live']} of {found['statements']} statements live"
        states = f"{found['states']} state" + ("" if found["states"] == 1 else "s")
        print(f"{name}: ok, {counts}, {states}, {found['engine']}")
    elif not silent:
        print_checked(program)
    return found


def checked(program: Program) -> dict[str, Any]:
    """What `check --json` prints of a valid program.

    `statements` counts all, `live` those that are not dead, `live_in_one_call` those
    that are not dead by the paper's analysis of a single call, `states` the live ones.
    """
    alive = live(program)
    return {
        "ok": True,
        "digest": digest(program),
        "fingerprint": fingerprint(program),
        "statements": len(program.statements),
        "live": sum(alive.statements),
        "live_in_one_call": sum(live_in_one_call(program).statements),
        "states": sum(alive.states),
        "types": [str(kind) for kind in infer_types(program)],
        "engine": engine_for(program),
        "program": unparse(prune(program)),
    }


def refused(error: DslError | InputError) -> dict[str, Any]:
    """What `check --json` prints if there is no valid program.

    `line` and `column` (from 1) are null where no text could be read.
    """
    problem = {"line": None, "column": None, "message": str(error), "hint": ""}
    if isinstance(error, DslError):
        problem = {name: getattr(error, name) for name in problem}
    return {"ok": False, "error": problem}


def print_checked(program: Program) -> None:
    """Print a program with the type of each value, its dead statements dimmed."""
    console = Console(highlight=False, soft_wrap=True)
    once, ever = live_in_one_call(program).statements, live(program)
    head, *body, last = unparse(program).rstrip("\n").split("\n")
    width = max(44, *map(len, body))
    types = map(str, infer_types(program))
    console.print(Text(head))
    for line, kind, in_call, alive in zip(
        body, types, once, ever.statements, strict=True
    ):
        note = "" if alive else ", dead" if not in_call else ", dead across calls"
        padded = f"{line:<{width}}  # {kind}{note}"
        console.print(Text(padded, style="dim" if note else ""))
    console.print(Text(last))
    total, dead = len(body), ever.statements.count(False)
    console.print(
        f"\n{total} statements: {total - dead} live, {dead} dead "
        f"({once.count(False)} within one call, as the paper counts)"
    )
    names = [n for n, alive in zip(program.states, ever.states, strict=True) if alive]
    console.print(f"live states: {len(names)} ({', '.join(names) or 'none'})")
    console.print(f"digest:      {digest(program)}")
    console.print(f"fingerprint: {fingerprint(program)}")
    console.print(f"trained by:  {_ENGINES[engine_for(program)]}")
