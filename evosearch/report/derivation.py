"""`simplify`: the laws that led from a program to a shorter one, told and printed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from dsl.digest import digest
from dsl.laws import LAWS
from dsl.program import Program
from dsl.simplify import DEAD, Derivation
from dsl.unparse import unparse

LAW_STATEMENTS = {DEAD: "what cannot reach the update may go"} | {
    law.name: law.statement for law in LAWS
}
"""The laws written out, by their names."""


def derivation_told(derivation: Derivation) -> dict[str, Any]:
    """What `simplify --json` prints.

    `line` is where a law was applied in the text of the step before, 1 for states.
    """
    return {
        "exact": derivation.exact,
        "before": sizes(derivation.start),
        "after": sizes(derivation.program),
        "steps": [
            {
                "law": step.law,
                "statement": LAW_STATEMENTS[step.law],
                "exact": step.exact,
                "line": step.line,
                "program": unparse(step.program),
            }
            for step in derivation.steps
        ],
        "digest": digest(derivation.program),
        "program": unparse(derivation.program),
    }


def sizes(program: Program) -> dict[str, int]:
    """How long a program is and how many states it has."""
    return {"statements": len(program.statements), "states": len(program.states)}


def print_derivation(derivation: Derivation) -> None:
    """Print a line for each law with what it changed, then the program."""
    console = Console(highlight=False, soft_wrap=True)
    before = unparse(derivation.start)
    for number, step in enumerate(derivation.steps, 1):
        kind = "exact" if step.exact else "in real arithmetic"
        console.print(f"[bold]{number}.[/] {step.law}: line {step.line}, {kind}")
        console.print(Text(f"   {LAW_STATEMENTS[step.law]}", style="dim"))
        after = unparse(step.program)
        for line in changed_lines(before, after):
            console.print(Text(f"   {line}"))
        before = after
    if not derivation.steps:
        console.print("no law makes it shorter")
    console.print(Text(f"\n{unparse(derivation.program)}"))
    start, end = sizes(derivation.start), sizes(derivation.program)
    told = [f"{start[name]} to {end[name]} {name}" for name in start]
    kept = "bit for bit" if derivation.exact else "in real arithmetic"
    console.print(f"{', '.join(told)}; the updates are the same {kept}")


def changed_lines(before: str, after: str) -> list[str]:
    """The lines that went, with a minus, and those that came, with a plus."""
    # Loaded here, as a few milliseconds that --json does without.
    from difflib import ndiff

    lines = ndiff(before.splitlines(), after.splitlines())
    changed = [line for line in lines if line[0] in "-+"]
    return [f"{line[0]} {line[2:].strip()}" for line in changed]
