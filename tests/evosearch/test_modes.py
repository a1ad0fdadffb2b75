"""Modes: constants alone change, or children are drawn whatever came before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dsl import digest, parse, prune
from dsl.library import read_program
from evosearch.evaluate import Job
from evosearch.limits import rate_is_last_factor
from evosearch.train import Outcome, Training
from tests.blind import without_constants
from tests.command_line import ROOT, evosearch, refused
from tests.searching import Oracle, Run, Start, came_of, config, invented

ADAMW = parse(read_program("adamw"))


@pytest.fixture(scope="module", params=["constants", "random"])
def run(start_once: Start, request: pytest.FixtureRequest) -> Run:
    """A run of a baseline."""
    settings = config(search={"mode": request.param, "max_statements": 30})
    return start_once(settings, name=f"{request.param}.sqlite").go()


def test_a_baseline_is_a_search_like_another(run: Run, start: Start) -> None:
    assert run.counts.made == len(run.rows) == 150
    assert len({row.digest for row in run.rows}) > 50
    settings = run.search._config
    for number in (1, 70):
        name = f"stopped{number}.sqlite"
        stopped = start(settings, name=name).go(number)
        stopped.store.commit()
        resumed = start(settings, name=name).go()
        assert came_of(resumed) == came_of(run)
        assert resumed.trajectory == run.trajectory


def test_tuning_never_changes_the_structure(start: Start) -> None:
    run = start(config(search={"mode": "constants"})).go()
    structure = without_constants(ADAMW)
    for row in run.rows:
        assert without_constants(parse(row.text)) == structure
        assert row.mutation == "modify"
    assert len({row.digest for row in run.rows}) > 100
    assert {row.parent for row in run.rows} > {0}


def fixed(loss: float) -> Oracle:
    """Everything but the seed program has one loss, or diverges."""

    def evaluate(job: Job) -> Training:
        if job.digest == digest(ADAMW) or loss > 0.0:
            return Training(Outcome.OK, 1.0 + loss, (0.5, 0.5), 4, 0.0)
        return Training(Outcome.DIVERGED, float("nan"), (0.5,), 1, 0.0)

    return Oracle(evaluate)


def test_random_children_do_not_depend_on_fitness(start: Start) -> None:
    search = {"mode": "random", "max_statements": 20}
    found = []
    for oracle in (Oracle(invented), fixed(0.0), fixed(0.5)):
        for others in ({}, {"population": 3, "tournament": 1, "window": 1}):
            again = Oracle(oracle.evaluate)
            run = start(config(100, search={**search, **others}), again).go()
            assert {(row.parent, row.mutation) for row in run.rows} == {
                (None, "random")
            }
            found.append([row.text for row in run.rows])
    assert all(texts == found[0] for texts in found)
    other = start(config(100, search=search, seed=2)).go()
    assert [row.text for row in other.rows] != found[0]


CONFIG = """\
name: short
program: {program}
tasks: [{{task: '{task}:Line'}}]
search: {{population: 5, window: 4, mode: {mode}, max_states: {states}, rate: {rate}}}
budget: {{programs: 30}}
training: {{chunks: 5}}
final: {{candidates: 3, validation_seeds: 1, test_seeds: 2}}
workers: {{executor: inline}}
"""


@pytest.fixture
def command(tmp_path: Path) -> Any:
    """What `evosearch run` is given for a mode and its limits."""

    def words(mode: str, program: str, states: str = "null", rate: str = "last") -> Any:
        task = ROOT / "tests" / "tasks" / "line.py"
        path = tmp_path / "run.yaml"
        path.write_text(
            CONFIG.format(
                program=program, task=task, mode=mode, states=states, rate=rate
            )
        )
        return ["run", path, "--out", tmp_path / "run"]

    return words


@pytest.mark.usefixtures("quick_handover")
@pytest.mark.parametrize(
    ("mode", "program", "states"),
    [("evolve", "adamw", 1), ("constants", "lion", 1), ("random", "momentum", 0)],
)
def test_a_whole_run_ends_within_the_limits(
    command: Any, tmp_path: Path, mode: str, program: str, states: int
) -> None:
    assert evosearch(*command(mode, program, str(states))).code == 0
    best = prune(parse((tmp_path / "run" / "best.opt").read_text()))
    assert len(best.states) <= states
    assert rate_is_last_factor(best)
    shown = evosearch("show", tmp_path / "run").output
    assert ("drawn at random" in shown) == (mode == "random")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("evolve", "lars"),
            "search.rate: last, but in the program that the search starts from lr is "
            "not a factor of the whole update and nothing else: write its update as "
            "x * lr, or set rate to anywhere",
        ),
        (
            ("constants", "adamw", "1"),
            "search.max_states: 1, but the program that the search starts from has 2 "
            "live states, which mode constants leaves as they are: allow 2, or start "
            "from another program",
        ),
        (
            ("constants", "{0}/bare.opt"),
            "search.mode: constants, but the program that the search starts from has "
            "no constant that its update depends on: start from another one, or set "
            "mode to evolve",
        ),
    ],
)
def test_a_seed_that_cannot_be_started_from_is_one_sentence(
    command: Any, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    bare = "def train(w, g, lr):\n    x = g * 2.0\n    return g * lr\n"
    (tmp_path / "bare.opt").write_text(bare)
    mode, program, *rest = words
    assert refused(*command(mode, program.format(tmp_path), *rest)) == message
    assert not (tmp_path / "run").exists()
