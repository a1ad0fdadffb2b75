"""At its end a run hands over what it chose: simplified, identified and exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dsl import digest, parse
from evosearch import handover
from evosearch.errors import InputError
from evosearch.export.loading import load
from evosearch.folder import BEST, BEST_RAW, SUMMARY
from evosearch.handover import DERIVATION, EXPORTS, NAME
from evosearch.stop import StopOnInterrupt
from tests.command_line import ROOT, evosearch, last_line

pytestmark = pytest.mark.slow

RUN = f"""\
name: small
tasks: [{{task: '{ROOT}/tests/tasks/quadratic.py:factory', schedule: constant}}]
search: {{population: 20, window: 8}}
budget: {{evaluations: 30}}
final: {{candidates: 3, validation_seeds: 2, test_seeds: 3}}
simplify: {{share: 2.0, seeds: 2}}
workers: {{executor: inline}}
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("handover") / "run.yaml"
    path.write_text(RUN)
    return path


@pytest.fixture(scope="module")
def whole(config: Path) -> dict[str, Any]:
    return ran(config, "whole")


def ran(config: Path, name: str, *words: str) -> dict[str, Any]:
    answer = evosearch("run", config, "--out", config.parent / name, "--json", *words)
    assert answer.code == 0, answer.error
    return last_line(answer.output)


def test_the_files_are_those_of_the_simplified_program(whole: dict[str, Any]) -> None:
    folder, handed = Path(whole["run"]), whole["handover"]
    assert handed["files"] == [BEST, DERIVATION, *EXPORTS.values()]
    assert handed["notes"] == []
    told = handed["simplified"]
    best = parse((folder / BEST).read_text())
    assert digest(best) == told["digest"]
    assert told["after"]["statements"] <= told["before"]["statements"]
    assert told["start"] == whole["best"]["program"]
    assert digest(parse((folder / BEST_RAW).read_text())) == whole["best"]["digest"]
    assert told["program"] in (folder / DERIVATION).read_text()
    for name in EXPORTS.values():
        source = (folder / name).read_text()
        assert "evosearch" not in source.split('"""', 2)[2]
        assert hasattr(load(source, NAME), NAME) or "class FoundOptimizer" in source
    assert json.loads((folder / SUMMARY).read_text()) == whole


def test_what_is_said_of_the_chosen_one_is_what_it_was_measured_at(
    whole: dict[str, Any],
) -> None:
    losses = whole["handover"]["simplified"]["losses"]
    assert losses["start"]["mean"] == whole["best"]["fresh_mean"]
    assert losses["start"]["stderr"] == whole["best"]["fresh_stderr"]


@pytest.mark.usefixtures("quick_handover")
def test_it_is_printed(config: Path) -> None:
    answer = evosearch("run", config, "--out", config.parent / "printed")
    assert answer.code == 0, answer.error
    assert "\nsimplified:\ndef train(" in answer.output
    assert "identified as: " in answer.output
    assert f": best.opt, derivation.md, {', '.join(EXPORTS.values())}" in answer.output


@pytest.mark.usefixtures("quick_handover")
def test_it_can_be_turned_off(config: Path) -> None:
    summary = ran(config, "off", "--set", "simplify.enabled=false")
    assert summary["handover"] is None
    folder = Path(summary["run"])
    assert not (folder / DERIVATION).exists()
    assert digest(parse((folder / BEST).read_text())) == summary["best"]["digest"]


@pytest.mark.usefixtures("quick_handover")
def test_a_share_of_nothing_leaves_the_laws(config: Path) -> None:
    told = ran(config, "none", "--set", "simplify.share=0")["handover"]["simplified"]
    assert not told["complete"]
    assert {change["kind"] for change in told["changes"]} <= {"law", "rounded"}


@pytest.mark.usefixtures("quick_handover")
def test_its_share_is_of_the_steps_of_the_search(config: Path) -> None:
    summary = ran(config, "half", "--set", "simplify.share=0.5")
    told = summary["handover"]["simplified"]
    asked = int(0.5 * summary["steps"] / 4)
    assert not told["complete"]
    # What is said of the result is trained beyond it: seven statements, three seeds.
    assert told["trainings"] < asked + 60


def test_it_is_stopped_and_taken_up(
    config: Path, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, stopped = config.parent / "stopped", [False]
    began = handover.hand_over

    def and_stop(*arguments: Any) -> Any:
        stopped[0] = True
        return began(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(handover, "hand_over", and_stop)
        patched.setattr(StopOnInterrupt, "asked", lambda self: stopped[0])
        answer = evosearch("run", config, "--out", run)
    assert answer.code == 130
    assert "interrupted while it was simplified" in answer.output
    printed = answer.output
    answer = evosearch("run", "--resume", run, "--json")
    assert answer.code == 0, answer.error
    again = last_line(answer.output)
    # Negative is better: less loss than the seed program's.
    assert again["best"]["fresh_mean"] < again["seed_fresh_mean"]
    assert f"paired difference: {-again['best']['fresh_gain']:+.4f} +- " in printed
    assert again["handover"] == whole["handover"]
    assert not again["interrupted"]


@pytest.mark.usefixtures("quick_handover")
def test_a_program_that_cannot_be_trained_is_handed_over_by_laws(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> Any:
        raise InputError("the program fails to train on data seed 7")

    monkeypatch.setattr(handover, "simplify_on_tasks", refuse)
    handed = ran(config, "refused")["handover"]
    assert handed["simplified"] is None
    assert handed["notes"] == ["the program fails to train on data seed 7"]
    assert handed["files"] == [BEST, *EXPORTS.values()]


@pytest.mark.usefixtures("quick_handover")
def test_what_was_handed_over_stays_until_it_is_made_again(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(ran(config, "kept")["run"])
    before = [(run / name).read_bytes() for name in (BEST, SUMMARY)]

    def fail(*arguments: Any) -> Any:
        raise InputError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(handover, "hand_over", fail)
        assert evosearch("run", "--resume", run).code == 2
    assert [(run / name).read_bytes() for name in (BEST, SUMMARY)] == before


@pytest.mark.usefixtures("quick_handover")
def test_a_library_that_is_missing_is_told(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(program: Any, target: str, name: str) -> Any:
        raise InputError(f"--to {target}: needs {target}")

    monkeypatch.setattr(handover, "export", missing)
    handed = ran(config, "missing")["handover"]
    assert handed["files"] == [BEST, DERIVATION]
    assert len(handed["notes"]) == 2
    assert handed["notes"][0].startswith("optimizer_optax.py was not written: ")
