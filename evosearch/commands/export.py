"""`evosearch export`: a program as source for a training script, checked first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evosearch.commands.options import Json, OwnFunctions, ProgramFile, print_json


def export(
    program: ProgramFile,
    to: Annotated[
        str, typer.Option(metavar="TARGET", help="optax, torch, latex or algoperf.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    functions: OwnFunctions = None,
    name: Annotated[
        str | None,
        typer.Option(help="What to call it, if not as the program's file."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a program as source for a training script, compared over 50 steps."""
    from evosearch.export import export as made_of
    from evosearch.opening import load_own, load_program

    load_own(functions)
    made = made_of(load_program(program), to, name or Path(program).stem)
    out.write_text(made.source, encoding="utf-8")
    if as_json:
        constants = {each.name: each.value for each in made.parameters}
        told = {"file": str(out), "to": to, "name": made.name, "constants": constants}
        print_json({**told, "steps_compared": made.steps})
        return
    checked = f"agrees with the program over {made.steps} steps" if made.steps else ""
    print(f"{out}: {made.name}" + (f", {checked}" if checked else ""))
