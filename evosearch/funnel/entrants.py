"""Who enters a funnel: programs by name, the best of runs, and the baselines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from dsl.errors import DslError
from dsl.fingerprint import fingerprint
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from evosearch.config import FunnelConfig, load_config
from evosearch.errors import InputError
from evosearch.folder import CONFIG, STORE
from evosearch.funnel.best import best_rows
from evosearch.opening import load_named
from evosearch.store import Store

CANDIDATE: Final = "candidate"
BASELINE: Final = "baseline"


class Entrant(NamedTuple):
    """A program as it enters, without what is dead.

    Attributes:
        label: that it has in the funnel.
        kind: `CANDIDATE` or `BASELINE`.
        program: as it was read.
        source: what the config names, with the program's number in its run.
    """

    label: str
    kind: str
    program: Program
    source: str


def read_entrants(config: FunnelConfig, say: Callable[[str], None]) -> list[Entrant]:
    """Read all programs: candidates first, then baselines, as the config has them.

    Args:
        config: of the funnel, whose own functions are loaded.
        say: is told of programs of runs that are left out.

    Raises:
        InputError: a program or a run is not there, or is none.
    """
    found = [
        Entrant(label, kind, prune(load_named(f"{key}.{label}", name)), name)
        for key, kind, named in (
            ("programs", CANDIDATE, config.programs),
            ("baselines", BASELINE, config.baselines),
        )
        for label, name in named.items()
    ]
    # What a run found again is nothing more to compare.
    marks = {fingerprint(each.program): each.label for each in reversed(found)}
    for label, name in config.runs.items():
        found += _of_a_run(label, Path(name), config.best, marks, say)
    return sorted(found, key=lambda each: each.kind == BASELINE)


def _of_a_run(
    label: str,
    path: Path,
    best: int,
    marks: dict[str, str],
    say: Callable[[str], None],
) -> list[Entrant]:
    """The best distinct programs of a run that are not among those before."""
    key = f"runs.{label}"
    if not (path / CONFIG).is_file():
        raise InputError(
            f"{key}: {path} has no {CONFIG}, so it is not the folder of a run: name "
            "one that `evosearch run` made"
        )
    try:
        config = load_config(path / CONFIG)
        with closing(Store.open(path / STORE)) as store:
            rows = best_rows(store, config)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None
    found: list[Entrant] = []
    for row in rows:
        try:
            program = prune(parse(row.text))
        except DslError as error:
            raise InputError(
                f"{key}: program {row.number} of {path}, {error}: if the run had "
                "functions of its own, name their file in `functions`"
            ) from None
        mark = fingerprint(program)
        if mark in marks:
            say(f"{key}: program {row.number} is {marks[mark]} again: left out")
            continue
        name = f"{label}-{len(found) + 1}"
        marks[mark] = name
        found.append(Entrant(name, CANDIDATE, program, f"{path}, {row.number}"))
        if len(found) == best:
            return found
    if not found:
        raise InputError(
            f"{key}: {path} has no program that trains and is not in the funnel "
            "already: leave it away, or let the run go on"
        )
    return found
