"""`evosearch export`: a whole file or none, and one sentence for bad input."""

import ast
import importlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from evosearch.errors import InputError
from evosearch.export import TARGETS, checked_name, export
from evosearch.export.document import class_name
from tests.command_line import ROOT, evosearch, refused
from tests.evosearch.export.exported import program_of

SGD = "def train(w, g, lr):\n    update = g * lr\n    return update\n"
LATEX = ("--to", "latex")


def test_the_command_writes_a_file_and_says_so(tmp_path: Path) -> None:
    answer = evosearch("export", "sgd", "--to", "optax", "-o", tmp_path / "a.py")
    assert answer.code == 0, answer.error
    assert "agrees with the program over 50 steps" in answer.output
    words = ("--to", "latex", "-o", tmp_path / "a.tex", "--json", "--name", "My-SGD")
    answer = evosearch("export", "sgd", *words)
    assert '"constants": {"learning_rate": 0.1}' in answer.output
    assert "\\eta_t" in (tmp_path / "a.tex").read_text()


def test_a_file_is_named_after_program_and_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my-best.opt").write_text(SGD)
    for target in ("latex", "optax"):
        answer = evosearch("export", "my-best.opt", "--to", target)
        assert answer.code == 0, answer.error
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"my-best.opt", "my_best.tex", "my_best_optax.py"}
    assert "def my_best(" in Path("my_best_optax.py").read_text()


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    out, link = tmp_path / "a.tex", tmp_path / "link.tex"
    out.write_text("older")
    link.symlink_to(out)
    assert evosearch("export", "sgd", *LATEX, "-o", link).code == 0
    assert "older" not in out.read_text()
    assert link.is_symlink()


def test_a_file_is_whole_or_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a.tex"
    out.write_text("older")

    def full(self: Path, text: str, encoding: str) -> None:
        with self.open("w", encoding=encoding) as file:
            file.write(text[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    told = refused("export", "sgd", *LATEX, "-o", out)
    assert told.endswith("(No space left on device); name another file")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tex"]
    assert out.read_text() == "older"


def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert evosearch("export", "sgd", *LATEX, "-o", pipe).code == 0
    assert b"begin{aligned}" in os.read(reader, 10_000)
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("missing/a.tex", "missing; make it first, or name another"),
        ("file/a.tex", "there is no folder"),
        ("", "a folder; name a file in it"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_place_where_no_file_can_be(out: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = refused("export", "sgd", *LATEX, "-o", f"{tmp_path}/{out}")
    assert told.startswith("--out ")
    assert said in told
    assert "\n" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    told = refused("export", "sgd", *LATEX, "-o", tmp_path / "a.tex")
    assert "cannot be written (Permission denied)" in told


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    told = refused("export", tmp_path / "no.opt", *LATEX, "-o", tmp_path / "a.tex")
    assert "there is no such file" in told


@pytest.mark.parametrize("name", ["1", "3d", "class", "Optimizer", "none", "", "?"])
def test_a_name_that_no_function_can_have(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out.py"
    told = refused("export", "sgd", *LATEX, f"--name={name}", "-o", out)
    assert told.startswith(f"{name!r} cannot be the name of what is exported; give")
    (tmp_path / "1.opt").write_text(SGD)
    told = refused("export", tmp_path / "1.opt", *LATEX, "-o", out)
    assert told.startswith("'1' cannot be the name")
    assert not out.exists()


@pytest.mark.parametrize("target", ["optax", "torch", "algoperf"])
def test_no_name_of_a_module_is_given_again(target: str) -> None:
    tree = ast.parse(export(program_of("muon"), target, "found").source)
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    assert len(names) > 6
    for name in names - {"found"}:
        asked = re.sub("(?<=[a-z])(?=[A-Z])", "_", name)
        with suppress(InputError):
            made = checked_name(asked)
            assert name not in (made, class_name(made))


def test_an_unknown_target(tmp_path: Path) -> None:
    out = tmp_path / "out.py"
    told = refused("export", "sgd", "--to", "tensorflow", "-o", out)
    assert told == f"--to tensorflow: known are {', '.join(TARGETS)}"
    assert not out.exists()


def test_a_missing_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for library in ("torch", "optax"):
        told = refused("export", "sgd", "--to", library, "-o", tmp_path / "out.py")
        assert f'pip install --editable ".[{library}]"' in told
        assert "\n" not in told


def test_a_function_of_ones_own_has_no_source(tmp_path: Path) -> None:
    folder = ROOT / "tests" / "tasks"
    words = ("export", folder / "softsign.opt", "--functions", folder / "softsign.py")
    for target in ("torch", "optax", "algoperf"):
        told = refused(*words, "--to", target, "-o", tmp_path / "out.py")
        assert "`softsign` is a function of your own" in told
        assert not (tmp_path / "out.py").exists()
    answer = evosearch(*words, "--to", "latex", "-o", tmp_path / "out.tex")
    assert answer.code == 0, answer.error
    assert "operatorname{softsign}" in (tmp_path / "out.tex").read_text()


def test_a_library_that_is_broken_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.import_module

    def broken(name: str, package: str | None = None) -> Any:
        if name == "torch":
            raise ImportError("libcudart.so.12: cannot open shared object file")
        return there(name, package)

    monkeypatch.setattr(importlib, "import_module", broken)
    told = refused("export", "lion", "--to", "torch", "-o", tmp_path / "x.py")
    assert "is installed but cannot be imported (libcudart" in told
    assert not (tmp_path / "x.py").exists()
