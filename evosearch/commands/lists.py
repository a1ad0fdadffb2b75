"""`evosearch functions` and `evosearch tasks`: what there is to choose from."""

from __future__ import annotations

from typing import Annotated

import typer

from evosearch.commands.options import Json, OwnFunctions, print_json


def functions(
    own: OwnFunctions = None,
    as_json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference, dsl/README.md.")
    ] = False,
) -> None:
    """List the functions of the language."""
    from evosearch.opening import try_own
    from evosearch.report.functions import function_rows, manual, print_functions

    try_own(own)
    if markdown:
        print(manual(), end="")
    elif as_json:
        print_json(function_rows())
    else:
        print_functions(function_rows())


def tasks(as_json: Json = False) -> None:
    """List the proxy tasks that come with evosearch, with their arguments."""
    from evosearch.report.tasks import print_tasks, task_rows

    print_json(task_rows()) if as_json else print_tasks(task_rows())
