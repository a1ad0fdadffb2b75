"""`evosearch explain`: what a program does, in formulas and words."""

from __future__ import annotations

from evosearch.commands.options import Json, OwnFunctions, ProgramFile, print_json


def explain(
    program: ProgramFile,
    functions: OwnFunctions = None,
    as_json: Json = False,
) -> None:
    """Write a program as formulas, with its memory, rate, decay, cost and parts."""
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.explain import explain as read_off
    from evosearch.explain.step_cost import step_cost
    from evosearch.opening import load_program, try_own
    from evosearch.report.explanation import explanation_told, print_explanation

    try_own(functions)
    valid = load_program(program)
    found, cost = read_off(valid), step_cost(valid)
    if as_json:
        print_json(explanation_told(found, cost))
    else:
        print_explanation(found, cost)
