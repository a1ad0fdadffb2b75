"""`evosearch simplify`: a program made shorter by laws, and the way there."""

from __future__ import annotations

from typing import Annotated

import typer

from evosearch.commands.options import Json, OwnFunctions, ProgramFile, print_json


def simplify(
    program: ProgramFile,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Only laws that keep every update bit for bit."),
    ] = False,
    functions: OwnFunctions = None,
    as_json: Json = False,
) -> None:
    """Simplify a program by laws, one step after the other."""
    from dsl.simplify import simplify
    from evosearch.opening import load_program, try_own
    from evosearch.report.derivation import derivation_told, print_derivation

    try_own(functions)
    derivation = simplify(load_program(program), exact)
    if as_json:
        print_json(derivation_told(derivation))
    else:
        print_derivation(derivation)
