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
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="The file to write, if not as lion_optax.py or lion.tex.",
        ),
    ] = None,
    functions: OwnFunctions = None,
    name: Annotated[
        str | None,
        typer.Option(help="What to call it, if not as the program's file."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a program as source for a training script, compared over 50 steps."""
    from dsl.float32 import constant_text
    from evosearch.commands.written import require_place, write_whole
    from evosearch.export import TARGETS, checked_name, checked_target
    from evosearch.export import export as made_of
    from evosearch.opening import load_own, load_program

    load_own(functions)
    parsed = load_program(program)
    to = checked_target(to)
    name = checked_name(Path(program).stem if name is None else name)
    out = out or Path(TARGETS[to].file.format(name))
    require_place(out, "--out")
    made = made_of(parsed, to, name)
    write_whole(out, made.source, "--out")
    if as_json:
        constants = {
            each.name: float(constant_text(each.value)) for each in made.parameters
        }
        told = {"file": str(out), "to": to, "name": made.name, "constants": constants}
        print_json({**told, "steps_compared": made.steps})
        return
    checked = f"agrees with the program over {made.steps} steps" if made.steps else ""
    print(f"{out}: {made.name}" + (f", {checked}" if checked else ""))
