"""What README.md and the handbook say is so: commands, outputs, paths, the table."""

from __future__ import annotations

import doctest
import re
import shlex
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel

from evosearch.cli import app
from evosearch.config import Config
from tests.command_line import ROOT, evosearch

README = (ROOT / "README.md").read_text(encoding="utf-8")
HANDBOOK = (ROOT / "evosearch" / "README.md").read_text(encoding="utf-8")
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def blocks(kind: str) -> list[str]:
    """The contents of the code blocks that begin with this word."""
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", README, re.S | re.M)


def examples() -> list[tuple[str, str]]:
    """Every command with a printed output, and that output."""
    found = []
    for block in blocks("console"):
        for part in block.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("command", "output"), examples())
def test_commands_print_what_is_shown(
    command: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    script, *words = shlex.split(command)
    assert script == "evosearch"
    answer = evosearch(*words)
    assert answer.code == 0, answer.error
    # A line of three dots stands for any lines.
    pattern = ".*".join(map(re.escape, output.rstrip().split("...\n")))
    # The last of four decimals is another processor's to round.
    pattern = re.sub(r"(\\\.\d{3})\d\b", r"\1\\d", pattern)
    # Trailing blanks are invisible in the README.
    printed = "\n".join(line.rstrip() for line in answer.output.splitlines())
    assert re.fullmatch(pattern, printed.strip("\n"), re.S), printed


def test_python_examples_print_what_is_shown() -> None:
    example = doctest.DocTestParser().get_doctest(
        README.replace("```", ""), {}, "README.md", "README.md", 0
    )
    assert len(example.examples) >= 6
    assert doctest.DocTestRunner().run(example).failed == 0


def test_a_file_shown_is_the_file() -> None:
    shown = re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", README, re.S | re.M)
    assert len(shown) == README.count("file=tests/") == 3
    for name, text in shown:
        assert text == (ROOT / name).read_text()


def table() -> str:
    """The table of commands, made from the command line itself."""
    rows = ["| command | what it does | options |", "| --- | --- | --- |"]
    for name, command in COMMANDS.items():
        parameters = command.params
        arguments = [
            parameter.metavar
            for parameter in parameters
            if parameter.param_type_name == "argument"
        ]
        options = [
            f"`{parameter.opts[0]}`"
            for parameter in parameters
            if parameter.param_type_name == "option"
        ]
        words = " ".join(["evosearch", name, *arguments])
        rows.append(f"| `{words}` | {command.help} | {', '.join(options)} |")
    return "\n".join(rows)


def test_the_table_of_commands_is_the_command_line() -> None:
    assert table() in README, f"put this into README.md:\n{table()}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    assert COMMANDS[name].help
    for parameter in COMMANDS[name].params:
        assert getattr(parameter, "help", None), parameter.name


def keys(tree: type[BaseModel]) -> set[str]:
    """Every key of a config with its path, without the numbers of tasks."""
    found = set()
    for name, field in tree.model_fields.items():
        (kind,) = [
            t
            for t in (field.annotation, *get_args(field.annotation))
            if isinstance(t, type) and issubclass(t, BaseModel)
        ] or [None]
        found |= {name} | ({f"{name}.{key}" for key in keys(kind)} if kind else set())
    return found


def test_keys_exist() -> None:
    known = keys(Config)
    named = re.findall(
        r"`((?:search|fitness|hurdles|final|simplify|workers)\.\w+)", README + HANDBOOK
    )
    assert len(named) > 15
    assert not {name for name in named if name not in known}


def test_paths_exist() -> None:
    named = re.findall(r"`([\w./-]+)`", README + HANDBOOK)
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    paths = [name for name in named if name.split("/")[0] in folders]
    assert len(paths) > 15
    placeholder = (
        "experiments/runs/NAME-TIME/",
        "evosearch/tasks/NAME.py",
        "dsl/programs/NAME.opt",
    )
    missing = [
        name for name in paths if name not in placeholder and not (ROOT / name).exists()
    ]
    assert not missing
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    for target in re.findall(r"`make (\w+)`", README + HANDBOOK):
        assert target in targets
