"""Generated code is formatted, linted and typed as the project's own."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from dsl import Program, parse
from evosearch.export import export
from evosearch.export.naming import name_constants
from evosearch.export.optax_source import optax_source
from evosearch.export.torch_source import torch_source
from evosearch.export.trace import trace
from evosearch.export.verify import STEPS
from tests.command_line import ROOT
from tests.evosearch.export.exported import KNOWN, program_of
from tests.strategies import matrix_programs, programs

WELL_FORMED = (*KNOWN, "lamb", "shampoo", "radam", "paper/program8")
RANDOM = programs(min_statements=3) | matrix_programs(min_statements=2)


def write_sources(program: Program, name: str, folder: Path) -> None:
    """Both modules, unchecked: nothing is run here."""
    found = name_constants(trace(program))
    (folder / f"{name}_optax.py").write_text(optax_source(found, name))
    (folder / f"{name}_torch.py").write_text(torch_source(found, name))


def write_random(count: int, folder: Path) -> None:
    """Sources of random programs."""
    numbers = iter(range(10 * count))

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(RANDOM)
    def write(program: Program) -> None:
        write_sources(program, f"random_{next(numbers)}", folder)

    write()


def accepted(tool: str, *words: str | Path) -> None:
    """A tool of the project, as the project has set it, finds nothing."""
    command = [sys.executable, "-m", tool, *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def accepted_by_ruff(folder: Path) -> None:
    config = ("--config", ROOT / "pyproject.toml", "--no-cache")
    accepted("ruff", "format", "--check", "--diff", *config, folder)
    accepted("ruff", "check", *config, folder)


def test_sources_are_formatted_and_clean(tmp_path: Path) -> None:
    for name in WELL_FORMED:
        write_sources(program_of(name), name.rpartition("/")[2], tmp_path)
    submission = export(program_of("lion"), "algoperf", "lion").source
    (tmp_path / "submission.py").write_text(submission)
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "evosearch" not in text
    assert "dsl" not in text
    write_random(10, tmp_path)
    accepted_by_ruff(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        "x = negative(-0.0)\n  u = interp(0.7, g, x)",
        "x = negative(g)\n  u = negative(x)",
        "x = negative(lr)\n  u = minimum(x, -1.0)\n  u = u * g",
        "x = minimum(-0.0, -2.0)\n  u = x * g",
        "u = minimum(g, -1.0)",
    ],
)
def test_two_minus_signs_are_none(body: str, tmp_path: Path) -> None:
    program = parse(f"def train(w, g, lr):\n  {body}\n  return u")
    for target in ("optax", "torch"):
        export(program, target, "signs")  # which compares it with the program
    write_sources(program, "signs", tmp_path)
    assert all("--" not in path.read_text() for path in tmp_path.iterdir())
    accepted_by_ruff(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        # The weights' name stands for another value, and their shape is asked for.
        "m = row_mean(g)\n  w = g * 2.0\n  n = dot(w, w)\n  u = w * n\n  u = u + m",
        # What is squared inside the sum has no list of its own, y none to write over.
        "s = square(g)\n  u = interp(s, w, 0.3)\n  w = w + u\n  u = u * w",
    ],
)
def test_a_value_without_a_name_or_a_list_of_its_own(body: str) -> None:
    program = parse(f"def train(w, g, lr):\n  {body}\n  return u")
    for target in ("optax", "torch"):
        assert export(program, target, "found").steps == STEPS


def test_an_item_that_is_too_long_is_broken_too(tmp_path: Path) -> None:
    states = [f"a_long_name_of_a_state_{n}" for n in range(3)]
    text = f"def train(w, g, {', '.join(states)}, lr):\n"
    text += "".join(f"  {each} = interp(g, {each}, 0.9)\n" for each in states)
    program = parse(f"{text}  u = g * {states[0]}\n  return u, {', '.join(states)}")
    for length in range(1, 12):
        write_sources(program, "n" * length, tmp_path)
    accepted_by_ruff(tmp_path)


@pytest.mark.slow
def test_sources_of_many_random_programs_are_formatted_and_clean(
    tmp_path: Path,
) -> None:
    write_random(50, tmp_path)
    accepted_by_ruff(tmp_path)


@pytest.mark.slow
def test_sources_are_typed(tmp_path: Path) -> None:
    for name in KNOWN:
        write_sources(program_of(name), name, tmp_path)
    write_random(10, tmp_path)
    # What `make types` has found out about the libraries is known here.
    known = ("--config-file", ROOT / "pyproject.toml")
    cache = ("--cache-dir", ROOT / ".mypy_cache")
    accepted("mypy", *known, *cache, "--strict", *sorted(tmp_path.glob("*.py")))
