"""`check` and `show`: programs, told as data and printed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from dsl.check import infer_types
from dsl.digest import digest
from dsl.errors import DslError
from dsl.fingerprint import fingerprint
from dsl.live import live, live_in_one_call
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.engine import COMPILED, MACHINE, engine_for
from evosearch.errors import InputError
from evosearch.store import Store

_ENGINES = {
    MACHINE: "the virtual machine",
    COMPILED: "XLA, compiled for it alone: it uses matrices",
}


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


def best_programs(store: Store, top: int) -> list[dict[str, Any]]:
    """What `show --json` prints: the best distinct programs, best first."""
    return [
        {
            "number": row.number,
            "digest": row.digest,
            "fitness": row.fitness,
            "outcome": row.outcome,
            "reason": row.reason,
            "parent": row.parent,
            "mutation": row.mutation,
            "statements": row.live,
            "states": row.states,
            "program": unparse(prune(parse(row.text))),
        }
        for row in store.best(top)
    ]


def print_programs(programs: list[dict[str, Any]]) -> None:
    """Print programs, the best last, so that it is what a terminal shows."""
    console = Console(highlight=False, soft_wrap=True)
    if not programs:
        console.print("no program is finished yet")
    for place, row in reversed(list(enumerate(programs, 1))):
        fitness = "none" if row["fitness"] is None else f"{row['fitness']:+.5f}"
        origin = (
            "the seed program"
            if row["parent"] is None
            else f"{row['mutation']} in {row['parent']}"
        )
        console.print(
            f"[bold]{place}.[/] program {row['number']}: fitness {fitness} "
            f"({row['outcome']}), {row['statements']} statements, {row['states']} "
            f"states, {origin}, digest {row['digest'][:12]}"
        )
        console.print(Text(row["program"]))
