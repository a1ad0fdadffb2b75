"""`evosearch show`: the best programs of a run."""

from __future__ import annotations

from typing import Annotated

import typer

from evosearch.commands.options import Json, RunArgument, print_json


def show(
    run: RunArgument,
    top: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many programs.")
    ] = 10,
    uses: Annotated[
        str, typer.Option(metavar="NAME", help="Only those that call it, or of a set.")
    ] = "",
    as_json: Json = False,
) -> None:
    """List the best distinct programs of a run, best first."""
    from evosearch.config import load_config
    from evosearch.folder import CONFIG, STORE, functions_of
    from evosearch.opening import load_own
    from evosearch.report.programs import best_programs, print_programs
    from evosearch.store import Store

    store = Store.open(run / STORE)
    try:
        load_own(functions_of(run, load_config(run / CONFIG)))
        programs = best_programs(store, top, uses)
        nothing = "no program calls it" if uses else "no program is finished yet"
    finally:
        store.close()
    if as_json:
        print_json(programs)
    else:
        print_programs(programs, nothing)
