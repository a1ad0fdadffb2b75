"""The command line: its commands (`evosearch/commands`), and how they end."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, NoReturn

import typer

import evosearch
from evosearch.commands.check import check
from evosearch.commands.evaluate import evaluate
from evosearch.commands.explain import explain
from evosearch.commands.export import export
from evosearch.commands.funnel import funnel
from evosearch.commands.identify import identify
from evosearch.commands.lists import functions, tasks
from evosearch.commands.run import run
from evosearch.commands.show import show
from evosearch.commands.simplify import simplify
from evosearch.commands.study import study
from evosearch.commands.tune import tune

app = typer.Typer(
    name="evosearch",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"evosearch {evosearch.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print it.", callback=_print_version),
    ] = False,
) -> None:
    """Discover optimizers: evolve update rules, written as short programs."""


app.command()(run)
app.command()(study)
app.command()(funnel)
app.command()(show)
app.command("eval")(evaluate)
app.command()(check)
app.command()(simplify)
app.command()(tune)
app.command()(identify)
app.command()(explain)
app.command()(export)
app.command()(functions)
app.command()(tasks)


def main() -> NoReturn:
    """The entry point: bad input gets one sentence and exit code 2."""
    # Until a run takes Ctrl-C over, it ends the process, also amid the import of JAX,
    # which takes seconds and does not bear an exception.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        app()
    except Exception as error:
        # To name them here would load the language and its parser, also for --help.
        from evosearch.refusal import refusal

        problem = refusal(error)
        if problem is None:
            raise
        typer.echo(f"error: {problem}", err=True)
    sys.exit(2)
