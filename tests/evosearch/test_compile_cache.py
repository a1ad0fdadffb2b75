"""Compilations are kept in the user's cache folder, and change no result."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jax
import pytest

from evosearch.compile_cache import (
    _remove_torn,
    cache_folder,
    describe,
    keep_compilations,
    not_kept,
)
from tests.command_line import EVOSEARCH, ROOT

OFF, NAMED = "JAX_ENABLE_COMPILATION_CACHE", "JAX_COMPILATION_CACHE_DIR"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home, with none of the variables set."""
    for name in (OFF, NAMED, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_it_is_where_the_platform_wants_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder().parent == home / ".cache" / "evosearch"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder().parent == home / ".cache" / "evosearch"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "elsewhere"))
    assert cache_folder().parent == home / "elsewhere" / "evosearch"
    assert describe() == f"compilations are kept in {cache_folder()}"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [(OFF, "false", "are not kept"), (NAMED, "/shared", "told to: /shared")],
)
def test_jax_s_own_variables_come_first(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    before = jax.config.jax_compilation_cache_dir
    assert said in keep_compilations()
    assert jax.config.jax_compilation_cache_dir == before
    assert not list(home.iterdir())


def test_a_folder_that_cannot_be_made_is_no_error(home: Path) -> None:
    (home / ".cache").write_text("a file")
    before = jax.config.jax_compilation_cache_dir
    assert keep_compilations().startswith("compilations are not kept: ")
    assert jax.config.jax_compilation_cache_dir == before


def test_torn_entries_are_removed(tmp_path: Path) -> None:
    for name in ("whole-cache", "whole-atime", "torn-cache"):
        (tmp_path / name).write_bytes(b"")
    _remove_torn(tmp_path)
    left = {path.name for path in tmp_path.iterdir()} - {".lockfile"}
    assert left == {"whole-cache", "whole-atime"}


def test_the_time_that_counts_as_long_is_restored() -> None:
    name = "jax_persistent_cache_min_compile_time_secs"
    before = getattr(jax.config, name)
    with not_kept():
        assert getattr(jax.config, name) > 1e9
    assert getattr(jax.config, name) == before


@pytest.mark.slow
def test_a_warm_cache_gives_the_same_losses(home: Path) -> None:
    found = [_evaluate(), _evaluate()]
    entries = {path.name for path in cache_folder().glob("*-cache")}
    assert any("take_chunk" in name for name in entries)
    assert found[0] == found[1]
    assert {path.name for path in cache_folder().glob("*-cache")} == entries


def _evaluate() -> list[float]:
    """Losses of AdamW on a small task, in a process of its own."""
    task = f"{ROOT}/tests/tasks/mlp.py:factory"
    words = ("eval", "adamw", "--task", task, "--seeds", "2", "--json")
    done = subprocess.run(
        [*EVOSEARCH, *words],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    answer: dict[str, Any] = json.loads(done.stdout)
    losses: list[float] = answer["losses"]
    return losses
