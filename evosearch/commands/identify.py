"""`evosearch identify`: which known optimizer a program behaves like."""

from __future__ import annotations

from typing import Annotated

import typer

from evosearch.commands.options import Json, OwnFunctions, ProgramFile, print_json


def identify(
    program: ProgramFile,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=2_000_000_000, help="Seed of made-up gradients and fits."
        ),
    ] = 0,
    functions: OwnFunctions = None,
    as_json: Json = False,
) -> None:
    """Compare a program's updates with those of known optimizers, fitted to them."""
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.identify import identify as compare
    from evosearch.opening import load_program, try_own
    from evosearch.report.identity import identity_told, print_identity

    try_own(functions)
    found = compare(load_program(program), seed)
    if as_json:
        print_json(identity_told(found))
    else:
        print_identity(found)
