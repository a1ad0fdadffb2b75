"""`evosearch simplify --task`: the same twice, taken up, told in JSON and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from dsl import digest, parse
from evosearch import simplify as module
from evosearch.rows import ProgramRow
from evosearch.stop import StopOnInterrupt
from evosearch.store import Store
from tests.command_line import ROOT, evosearch, last_line, refused

TASK = f"{ROOT}/tests/tasks/quadratic.py:factory"
PROGRAM = """\
def train(w, g, m, v, lr):
    g = arctan(g)
    m = interp(g, m, 0.1234567)
    v = interp(m, v, 0.9)
    noise = v * 1e-9
    update = m + noise
    rate = lr * 0.01
    update = update * rate
    return update, m, v
"""
ROW = ProgramRow(
    *(0, "", "", None, None, None, "", "ok", "", 0.0, False, 0, 0, 0, 0.0),
)
OPTIONS = ("--task", TASK, "--seeds", "3", "--test-seeds", "4")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("programs") / "long.opt"
    path.write_text(PROGRAM)
    return path


@pytest.fixture(scope="module")
def told(program: Path) -> dict[str, Any]:
    page = program.with_suffix(".md")
    files = ("--page", page, "--out", program.with_suffix(".out"))
    answer = evosearch("simplify", program, *OPTIONS, *files, "--json")
    assert answer.code == 0, answer.error
    return last_line(answer.output)


def test_what_the_bowl_does_not_need_goes(program: Path, told: dict[str, Any]) -> None:
    assert told["before"] == {"statements": 7, "states": 2}
    assert told["after"]["states"] < 2
    assert told["after"]["statements"] < 5
    assert told["complete"]
    assert digest(parse(told["program"])) == told["digest"]
    assert told["changes"][-1]["program"] == told["program"]
    assert parse(program.with_suffix(".out").read_text()) == parse(told["program"])
    losses = {name: loss["mean"] for name, loss in told["losses"].items()}
    assert losses["program"] <= losses["tuned_start"] + told["margin"]
    assert losses["tuned_start"] < losses["start"]
    against = told["against_start"]
    expected = losses["program"] - losses["start"]
    assert against["mean"] == pytest.approx(expected, rel=1e-4)
    # Student's t for four seeds, at 97.5 %.
    assert against["interval"] == pytest.approx(3.182446 * against["stderr"])
    against = told["against_tuned"]
    expected = losses["program"] - losses["tuned_start"]
    assert against["mean"] == pytest.approx(expected, abs=1e-5)
    lines = {each["line"] for each in told["contributions"]}
    assert lines <= set(range(2, 2 + told["after"]["statements"]))


def test_the_page_holds_all_of_it(program: Path, told: dict[str, Any]) -> None:
    page = program.with_suffix(".md").read_text()
    assert told["program"] in page
    assert told["start"] in page
    for change in told["changes"]:
        assert change["told"][0] in page
    for each in told["contributions"]:
        assert f"| `{each['statement']}` | `{each['instead']}` |" in page
    assert "7 to " in page
    # Differences are told as in JSON.
    found = told["against_start"]
    row = f"+- {told['losses']['start']['stderr']:.4f} | {found['mean']:+.4f} +- "
    assert found["mean"] < 0.0
    assert f"| as it was | {told['losses']['start']['mean']:.4f} {row}" in page


def test_it_is_the_same_with_a_store_and_from_it(
    program: Path, told: dict[str, Any], tmp_path: Path
) -> None:
    store = tmp_path / "kept.sqlite"
    words = ("simplify", program, *OPTIONS, "--store", store, "--json")
    first = evosearch(*words)
    size = store.stat().st_size
    second = evosearch(*words)
    assert last_line(first.output) == told
    assert last_line(second.output) == told
    assert store.stat().st_size == size


def test_it_prints_the_way_and_both_tables(program: Path) -> None:
    printed = evosearch("simplify", program, *OPTIONS).output
    assert "tuned: rate times " in printed
    assert "nothing more can go" in printed
    assert "simplified, tuned alike" in printed
    assert "loss rises by" in printed


def test_ctrl_c_ends_it_and_the_same_command_goes_on(
    program: Path,
    told: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("simplify", program, *OPTIONS, "--store", tmp_path / "s.sqlite", "--json")
    asked = iter(range(100_000))
    with monkeypatch.context() as patched:
        patched.setattr(StopOnInterrupt, "asked", lambda self: next(asked) > 12)
        answer = evosearch(*words)
    assert answer.code == 130
    assert answer.output == ""
    assert "the same command takes up what" in answer.error.splitlines()[-1]
    answer = evosearch(*words)
    assert last_line(answer.output) == told


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--task", TASK, "--exact"), "--exact: with --task"),
        (("--task", "charln"), "did you mean charlm?"),
        (("--task", TASK, "--set", "arguments.nose=1"), "nose"),
    ],
)
def test_bad_options(program: Path, options: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused("simplify", program, *options)


def test_options_of_a_task_need_one(program: Path) -> None:
    assert "--task" in refused("simplify", program, "--store", "x.sqlite")
    assert "--task" in refused("simplify", program, "--page", "x.md")
    for option in ("--seeds", "--test-seeds", "--tolerance"):
        assert f"{option} is for" in refused("simplify", program, option, "3")


def test_a_store_that_is_none(program: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.sqlite"
    bad.write_text("no database")
    run = tmp_path / "run.sqlite"
    store = Store.create(run)
    store.add_programs([ROW])
    store.commit()
    store.close()
    for path, sentence in (
        (bad, "is not the record of a run"),
        (tmp_path, "no file to keep trainings in; name another file"),
        (tmp_path / "no" / "x.sqlite", "there is no folder"),
        (run, "the record of a run, which takes no other trainings"),
    ):
        told = refused("simplify", program, *OPTIONS, "--store", path)
        assert str(path) in told
        assert sentence in told


def test_a_store_is_held_against_other_processes(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "held.sqlite"
    with FileLock(tmp_path / ".held.sqlite.lock"):
        told = refused("simplify", program, *OPTIONS, "--store", path)
    assert "another evosearch is using it" in told


def test_a_program_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "bad.opt"
    path.write_text("def train(w, g, lr):\n  u = g * -1e9\n  return u")
    answer = evosearch("simplify", path, *OPTIONS)
    assert answer.code == 2
    assert "fails to train on data seed 1250000000" in answer.error


def test_what_the_package_offers() -> None:
    assert set(module.__all__) <= set(dir(module))
