"""Bad input costs one sentence and exit code 2; good input prints what is promised."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

import dsl
from tests.command_line import evosearch, refused

VALID = "def train(w, g, lr):\n    update = g * lr\n    return update\n"
SMALL = """\
name: small
tasks:
  - task: digits
    arguments: {scale: 0.1}
budget: {programs: 4}
simplify: {enabled: false}
workers: {executor: inline}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a program, a config and a user's tasks."""
    (tmp_path / "sgd.opt").write_text(VALID)
    (tmp_path / "small.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("g * lr", "sqr(g)", "line 2, column 14: .*`sqr`.*sqrt"),
        ("g * lr", "g * rate", "line 2, column 18: .*`rate`"),
        ("g * lr", "norm(lr)", "line 2, column 19: .*Tree"),
        ("    return update\n", "", "line 2, column .*return"),
        ("    update", "\tupdate", "line 2, column 1: .*tab"),
    ],
)
@pytest.mark.parametrize("words", [("check",), ("eval", "--task", "digits")])
def test_a_bad_program(words: tuple[str], old: str, new: str, message: str) -> None:
    Path("bad.opt").write_text(VALID.replace(old, new))
    command, *options = words
    told = refused(command, "bad.opt", *options)
    sentence, line, caret = told.split("\n")
    place, _, _ = sentence.partition(":")
    assert caret == " " * (3 + int(place.split()[-1])) + "^"
    assert line.startswith("    ")
    assert re.match(message, sentence), sentence


def test_a_bad_program_in_json() -> None:
    Path("bad.opt").write_text(VALID.replace("g * lr", "sqr(g)"))
    answer = evosearch("check", "bad.opt", "--json")
    found = json.loads(answer.output)
    assert answer.code == 2
    assert found["ok"] is False
    assert set(found["error"]) == {"line", "column", "message", "hint"}
    assert (found["error"]["line"], found["error"]["column"]) == (2, 14)


def test_a_missing_program_in_json() -> None:
    answer = evosearch("check", "nowhere.opt", "--json")
    found = json.loads(answer.output)
    assert (answer.code, found["ok"], found["error"]["line"]) == (2, False, None)
    assert found["error"]["message"].startswith("nowhere.opt: there is no such file")


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        (["check", "lionn"], "lionn: there is no such file", "did you mean lion?"),
        (["check", "."], ".: cannot be read (Is a directory)", "file"),
        (["check", "photo"], "photo: not UTF-8", "saved as UTF-8"),
        (["show", "."], "run.sqlite is not there", "folder of a run"),
        (["show", "nowhere"], "nowhere/run.sqlite is not there", "folder of a run"),
        (["run"], "run takes either a CONFIG", "give one of them"),
        (["run", "small.yaml", "--resume", "."], "run takes either", "one of them"),
        (["run", "nowhere.yaml"], "nowhere.yaml does not exist", "small.yaml"),
        (["run", "."], ". is a folder", "YAML file in it"),
        (["run", "empty.yaml"], "empty.yaml is empty", "tasks and budget"),
        (["run", "--resume", "."], ".: has no config.yaml", "evosearch run` made"),
        (["run", "--resume", ".", "--out", "x"], "--resume: --out", "a new run"),
        (["run", "--resume", ".", "--seed", "1"], "--resume: seed=1", "a new run"),
        (
            ["run", "--resume", ".", "--set", "search.population=9"],
            "--resume: search.population=9 cannot be changed",
            "a new run",
        ),
        (
            ["run", "small.yaml", "--set", "search.populatoin=9"],
            "override 'search.populatoin=9': search.populatoin: unknown key",
            "did you mean population?",
        ),
        (["run", "small.yaml", "--set", "seed"], "override 'seed' must be", "=100"),
        (["run", "small.yaml", "--seed", "-1"], "override 'seed=-1'", "2147483647)"),
        (["run", "small.yaml", "--executor", "rai"], "override 'workers", "process)"),
        (["run", "small.yaml", "--out", "here"], "here: is there already", "--out"),
        (
            ["run", "small.yaml", "--set", "program=photo"],
            "program: photo: not UTF-8",
            "saved as UTF-8",
        ),
        (
            ["run", "small.yaml", "--set", "fitness.reference=lionn"],
            "fitness.reference: lionn: there is no such file",
            "did you mean lion?",
        ),
        (
            ["run", "small.yaml", "--set", "tasks.0.task=digit"],
            "task digit: ",
            "did you mean digits?",
        ),
        (
            ["run", "small.yaml", "--set", "tasks.0.task=nowhere.py:task"],
            "task nowhere.py:task: there is no file",
            "relative to the current folder",
        ),
        (["eval", "adamw", "--task", "digit"], "task digit: ", "did you mean digits?"),
        (
            ["eval", "adamw", "--task", "digits", "--set", "arguments.scal=2"],
            "task digits: no argument 'scal'",
            "did you mean scale?",
        ),
    ],
)
def test_bad_words(words: list[str], start: str, end: str) -> None:
    Path("photo").write_bytes(b"\xff\xd8\xff\xe0")
    Path("empty.yaml").touch()
    Path("here").mkdir()
    told = refused(*words)
    assert told.startswith(start), told
    assert told.endswith(end), told
    assert "\n" not in told
    assert not Path("experiments").exists(), "a command that is refused leaves nothing"


def test_a_program_that_a_config_names_is_told_with_its_file() -> None:
    Path("bad.opt").write_text(VALID.replace("g * lr", "sqr(g)"))
    told = refused("run", "small.yaml", "--set", "program=bad.opt")
    assert told.startswith("program: bad.opt, line 2, column 14: ")


def test_an_unknown_key_is_told_with_its_line() -> None:
    Path("small.yaml").write_text(SMALL.replace("budget:", "bugdet:"))
    told = refused("run", "small.yaml")
    assert "small.yaml, line 5: bugdet: unknown key; did you mean budget?" in told


def test_wrong_words_for_the_command_line_itself() -> None:
    for words in (["nothing"], ["run", "--nothing"], ["check"], ["show", "--top", "0"]):
        answer = evosearch(*words)
        assert (answer.code, answer.output) == (2, "")
        assert "Traceback" not in answer.error


def test_check_of_many_programs_names_each_once() -> None:
    told = evosearch("check", "lion", "nowhere")
    assert told.code == 2
    assert "lion: ok, 7 of 7 statements live, 1 state, machine\n" in told.output
    assert "nowhere: nowhere" not in told.error


def test_check_shows_dead_statements_and_counts() -> None:
    answer = evosearch("check", "paper/program8", "--json")
    found = json.loads(answer.output)
    assert (answer.code, found["ok"]) == (0, True)
    assert set(found) >= {
        "ok", "digest", "fingerprint", "statements", "live", "states", "program"
    }  # fmt: skip
    assert (found["statements"], found["live"], found["live_in_one_call"]) == (
        21,
        12,
        13,
    )
    printed = evosearch("check", "paper/program8").output
    assert "21 statements: 12 live, 9 dead (8 within one call" in printed
    assert printed.count(", dead") == 9
    assert printed.count(", dead across calls") == 1


def test_lists_of_functions_and_tasks() -> None:
    functions = json.loads(evosearch("functions", "--json").output)
    homes = Counter(row["set"] for row in functions)
    assert homes == {"lion": 44, "matrix": 13}
    assert set(functions[0]) >= {"name", "written", "rule", "result", "aliases"}
    tasks = json.loads(evosearch("tasks", "--json").output)
    assert [row["name"] for row in tasks] == ["charlm", "digits"]
    assert set(tasks[0]) >= {"name", "about", "manual"}
    printed = evosearch("functions").output
    for row in functions:
        assert row["written"] in printed
        assert row["rule"] in printed
    for row in tasks:
        assert row["name"] in evosearch("tasks").output


def test_the_reference_of_the_functions_is_not_stale() -> None:
    kept = Path(dsl.__file__).with_name("README.md").read_text(encoding="ascii")
    assert kept == evosearch("functions", "--markdown").output, (
        "write it anew: evosearch functions --markdown > dsl/README.md"
    )
