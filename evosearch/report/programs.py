"""`show`: the best programs of a run, told as data and printed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from dsl.functions import ALIASES, FUNCTIONS, SETS
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.errors import InputError, did_you_mean
from evosearch.rows import ProgramRow
from evosearch.store import Store


def best_programs(store: Store, top: int, uses: str = "") -> list[dict[str, Any]]:
    """What `show --json` prints: the best distinct programs, best first.

    Args:
        store: of the run.
        top: at most so many.
        uses: only programs whose live part calls this function, or one of this set.

    Raises:
        InputError: there is no such function or set.
    """
    if not uses:
        return [_told(row, prune(parse(row.text))) for row in store.best(top)]
    wanted = set(SETS.get(uses, (ALIASES.get(uses, uses),)))
    if not wanted <= set(FUNCTIONS):
        known = did_you_mean(uses, [*SETS, *FUNCTIONS, *ALIASES])
        raise InputError(f"--uses: there is no function or set {uses!r}: {known}")
    found: list[dict[str, Any]] = []
    for row in store.best(_ALL):
        pruned = prune(parse(row.text))
        if any(statement.function in wanted for statement in pruned.statements):
            found.append(_told(row, pruned))
        if len(found) == top:
            break
    return found


_ALL = 10**9


def one_program(store: Store, number: int) -> dict[str, Any]:
    """What `show --number --json` prints, in a list: a program, whatever its outcome.

    Raises:
        InputError: there is none of this number.
    """
    row = next(store.programs(first=number), None)
    if row is None or row.number != number:
        raise InputError(f"--number: the run has no program {number}: name another")
    return _told(row, prune(parse(row.text)))


def _told(row: ProgramRow, pruned: Program) -> dict[str, Any]:
    return {
        "number": row.number,
        "digest": row.digest,
        "fitness": row.fitness,
        "outcome": row.outcome,
        "reason": row.reason,
        "parent": row.parent,
        "mutation": row.mutation,
        "statements": row.live,
        "states": row.states,
        "program": unparse(pruned),
    }


def print_programs(programs: list[dict[str, Any]], nothing: str) -> None:
    """Print programs, the best last, so that it is what a terminal shows.

    If there is none, `nothing` says why.
    """
    console = Console(highlight=False, soft_wrap=True)
    if not programs:
        console.print(nothing)
        return
    console.print(
        "fitness: relative difference to the reference on the search's own data seeds; "
        "lower is better"
    )
    for place, row in reversed(list(enumerate(programs, 1))):
        fitness = "none" if row["fitness"] is None else f"{row['fitness']:+.5f}"
        origin = f"{row['mutation']} in {row['parent']}"
        if row["parent"] is None:
            origin = "drawn at random" if row["number"] else "the seed program"
        console.print(
            f"[bold]{place}.[/] program {row['number']}: fitness {fitness} "
            f"({row['outcome']}), {row['statements']} statements, {row['states']} "
            f"states, {origin}, digest {row['digest'][:12]}"
        )
        console.print(Text(row["program"]))
