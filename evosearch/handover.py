"""What a run hands over: the chosen program simplified, identified and exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.simplify import simplify
from dsl.unparse import unparse
from evosearch.config import Config
from evosearch.errors import InputError
from evosearch.evaluate import load_plan
from evosearch.export import export
from evosearch.folder import BEST, RunFolder
from evosearch.identify import identify
from evosearch.ledger import Ledger
from evosearch.plan import Plan
from evosearch.report.identity import identity_told, sentence
from evosearch.report.page import derivation_page
from evosearch.report.simplified import simplified_told
from evosearch.simplify import Asked, Simplified, simplify_on_tasks
from evosearch.threads import keep_off_accelerators
from evosearch.watch import Watch

DERIVATION = "derivation.md"
EXPORTS = {"optax": "optimizer_optax.py", "torch": "optimizer_torch.py"}
"""Files of a run's folder: the way to the program, and its source by library."""

NAME = "found_optimizer"
"""What it is called in those sources."""


class Session(NamedTuple):
    """What a run has at its end.

    Attributes:
        folder: to write to.
        config: of the run.
        ledger: trains programs.
        steps: training steps that the search took.
        watch: is told of progress.
        stopped: asked between trainings.
    """

    folder: RunFolder
    config: Config
    ledger: Ledger
    steps: int
    watch: Watch
    stopped: Callable[[], bool]


def hand_over(text: str, session: Session) -> dict[str, Any]:
    """Simplify a program, identify and export it, and write the files.

    Args:
        text: of the chosen program.
        session: of the run.

    Returns:
        For the summary: `simplified` (of `simplified_told`, null if it could not be
        trained), `identity` (of `identity_told`) and its `sentence`, `files` written,
        and `notes`, a sentence for each thing that could not be done.

    Raises:
        StoppedError: the user asked to stop; what was trained is in the store.
    """
    chosen, notes, told = prune(parse(text)), [], None
    try:
        simplified = _simplified(chosen, session)
    except InputError as error:
        # Where it fails on other data seeds nothing can be measured; laws need none.
        notes.append(str(error))
        program = simplify(chosen).program
    else:
        program, told = simplified.reduced.program, simplified_told(simplified)
    session.watch("identifying what was found", 0, 0)
    identity = identify(program)
    name = session.folder.path.name
    title = f"# What run {name} chose, simplified: {sentence(identity)}\n"
    session.folder.write(BEST, f"{title}{unparse(program)}")
    files = [BEST]
    if told is not None:
        heading = f"What run {name} found"
        page = derivation_page(told, heading, sentence(identity))
        session.folder.write(DERIVATION, page)
        files.append(DERIVATION)
    session.watch("exporting what was found", 0, 0)
    written, problems = _export(program, session.folder)
    return {
        "simplified": told,
        "identity": identity_told(identity),
        "sentence": sentence(identity),
        "files": files + written,
        "notes": notes + problems,
    }


def _simplified(program: Program, session: Session) -> Simplified:
    config = session.config
    if config.workers.executor == "ray":
        # The workers have the accelerators; constants are fitted beside them.
        keep_off_accelerators()
    plans = [load_plan(task, config.training) for task in config.tasks]
    asked = Asked(
        config.simplify.seeds,
        config.simplify.tolerance,
        config.final.test_seeds,
        _trainings(session, plans),
    )
    return simplify_on_tasks(
        program, asked, session.ledger, plans[0], session.watch, session.stopped
    )


def _trainings(session: Session, plans: list[Plan]) -> int:
    """How many trainings the share of the search's steps is enough for."""
    each = sum(len(plan.rates) for plan in plans) / len(plans)
    return int(session.config.simplify.share * session.steps / each)


def _export(program: Program, folder: RunFolder) -> tuple[list[str], list[str]]:
    """The files written, and why others were not."""
    files, problems = [], []
    for target, file in EXPORTS.items():
        try:
            folder.write(file, export(program, target, NAME).source)
        except InputError as error:
            problems.append(f"{file} was not written: {error}")
        else:
            files.append(file)
    return files, problems
