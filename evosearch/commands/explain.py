"""`evosearch explain`: what a program does, in formulas and words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evosearch.commands.options import Json, OwnFunctions, ProgramFile, print_json


def explain(
    program: ProgramFile,
    functions: OwnFunctions = None,
    latex: Annotated[
        bool, typer.Option("--latex", help="Print the formulas alone, in LaTeX.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a program as formulas, with its memory, rate, decay, cost and parts."""
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.explain import explain as read_off
    from evosearch.explain.step_cost import step_cost
    from evosearch.export import latex_of
    from evosearch.opening import load_program, try_own
    from evosearch.report.explanation import explanation_told, print_explanation

    try_own(functions)
    valid = load_program(program)
    formulas = latex_of(valid, Path(program).stem)
    if latex and not as_json:
        print(formulas, end="")
        return
    found, cost = read_off(valid), step_cost(valid)
    if as_json:
        print_json({**explanation_told(found, cost), "latex": formulas})
    else:
        print_explanation(found, cost)
