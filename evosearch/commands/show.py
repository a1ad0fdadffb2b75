"""`evosearch show`: the best programs of a run, its front, or one of its programs."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evosearch.commands.options import Json, RunArgument, print_json
from evosearch.errors import InputError

if TYPE_CHECKING:
    from evosearch.config import Config
    from evosearch.store import Store


def show(
    run: RunArgument,
    top: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many programs.")
    ] = 10,
    uses: Annotated[
        str, typer.Option(metavar="NAME", help="Only those that call it, or of a set.")
    ] = "",
    number: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="That program alone.")
    ] = None,
    front: Annotated[
        bool,
        typer.Option(
            "--front", help="All that no other beats in fitness, states and statements."
        ),
    ] = False,
    times: Annotated[
        bool,
        typer.Option("--times", help="With --front: in step time too; takes a while."),
    ] = False,
    as_json: Json = False,
) -> None:
    """List the best distinct programs of a run, the best last (--json: first)."""
    _require_one(
        {"--uses": bool(uses), "--number": number is not None, "--front": front}
    )
    if times and not front:
        raise InputError("--times: has a meaning with --front alone: add that")
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.config import load_config
    from evosearch.folder import CONFIG, STORE, functions_of
    from evosearch.opening import load_own
    from evosearch.report.programs import best_programs, one_program, print_programs
    from evosearch.store import Store

    told: list[dict[str, Any]]
    store = Store.open(run / STORE)
    try:
        config = load_config(run / CONFIG)
        load_own(functions_of(run, config))
        if front:
            told = _front(store, config, times)
        elif number is not None:
            told = [one_program(store, number)]
        else:
            told = best_programs(store, top, uses)
    finally:
        store.close()
    if as_json:
        print_json(told)
    elif front:
        from evosearch.report.front import print_front

        print_front(told, shlex.quote(str(run)))
    else:
        nothing = "no program calls it" if uses else "no program is finished yet"
        print_programs(told, nothing)


def _front(store: Store, config: Config, times: bool) -> list[dict[str, Any]]:
    from evosearch.explain.step_cost import step_cost
    from evosearch.report.front import front_told

    return front_told(store, config, lambda each: step_cost(each).ratio, by_time=times)


def _require_one(given: dict[str, bool]) -> None:
    """At most one of the options that say which programs are shown.

    Raises:
        InputError: there are more.
    """
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise InputError(f"show takes either {' or '.join(names)}: give one of them")
