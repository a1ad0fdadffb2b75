"""`evosearch check`: what a program means, or what is wrong with it."""

from __future__ import annotations

from typing import Annotated

import typer

from evosearch.commands.options import Json, OwnFunctions, print_json


def check(
    programs: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Programs: .opt files, or names in dsl/programs."
        ),
    ],
    functions: OwnFunctions = None,
    as_json: Json = False,
) -> None:
    """Check programs: types, live part, states and digest, or the first error."""
    from evosearch.opening import try_own
    from evosearch.report.checking import check_program

    try_own(functions)
    results = [check_program(name, len(programs) > 1, as_json) for name in programs]
    if as_json:
        print_json(results if len(results) > 1 else results[0])
    if not all(result["ok"] for result in results):
        raise typer.Exit(2)
