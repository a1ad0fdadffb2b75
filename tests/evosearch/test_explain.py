"""What is read off a program: formulas, roles, memory, rates, and a measured cost."""

from __future__ import annotations

import doctest
import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from dsl import Program, parse, prune
from dsl.library import program_names, read_program
from evosearch.explain import explain, notation, roles, terms
from evosearch.explain import explaining as module
from evosearch.explain.notation import equations
from evosearch.explain.roles import roles_of
from evosearch.explain.step_cost import step_cost
from evosearch.explain.terms import Factor, rates_of
from tests.command_line import evosearch
from tests.strategies import matrix_programs, programs


def shipped(name: str) -> Program:
    return parse(read_program(name))


@pytest.mark.parametrize("part", [module, notation, roles, terms])
def test_examples(part: object) -> None:
    flags = doctest.NORMALIZE_WHITESPACE
    found = doctest.testmod(part, optionflags=flags)  # type: ignore[arg-type]
    assert found.failed == 0


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("sgd", ["w ← w − 0.1 η g"]),
        ("adagrad", ["total′ = total + g²", "w ← w − 0.01 η (g / √(total′ + 10⁻⁷))"]),
        (
            "adamw",
            [
                "m′ = 0.1 g + 0.9 m",
                "v′ = 0.001 g² + 0.999 v",
                "w ← w − 0.001 η (m′ / √v′ + 0.01 w)",
            ],
        ),
        (
            "lion",
            [
                "momentum′ = 0.01 g + 0.99 momentum",
                "w ← w − 0.0001 η (sign(0.1 g + 0.9 momentum) + 1 w)",
            ],
        ),
    ],
)
def test_formulas(name: str, lines: list[str]) -> None:
    assert equations(shipped(name)) == lines


@given(programs() | matrix_programs())
def test_any_program_can_be_explained(program: Program) -> None:
    found = explain(program)
    assert len(found.roles) == len(found.program.statements)
    assert found.equations[-1].startswith("w ← w − ")
    for line in found.equations:
        assert line.count("(") == line.count(")")
    assert found == explain(prune(program))


@given(programs(max_states=1))
def test_a_line_reads_only_what_stands_above_it(program: Program) -> None:
    defined: set[str] = set()
    names = [line.split(" = ")[0] for line in equations(program)[:-1]]
    for name in names:
        assert name not in defined
        defined.add(name)


@pytest.mark.parametrize(
    ("update", "written"),
    [
        ("(g - w) - (g - lr)", "g − w − (g − η)"),
        ("g / (w * lr)", "g / (w η)"),
        ("g / w * lr", "(g / w) η"),
        ("g * (w / lr)", "g (w / η)"),
        ("g * -2.0", "g · −2"),
        ("square(g + w)", "(g + w)²"),
        ("square(-g)", "(−g)²"),
        ("sqrt(g)", "√|g|"),
        ("sqrt(square(g) + 1e-12)", "√(g² + 10⁻¹²)"),
    ],
)
def test_brackets_keep_the_meaning(update: str, written: str) -> None:
    text = f"def train(w, g, lr):\n    update = {update}\n    return update\n"
    line = equations(parse(text))[-1].removeprefix("w ← w − ")
    assert line in (written, f"({written})")


def test_roles_of_lion_and_of_what_it_was_found_as() -> None:
    assert roles_of(prune(shipped("lion"))) == [
        *("interpolated momentum", "sign", "momentum"),
        *("weight decay", "weight decay", "schedule", "schedule"),
    ]
    found = roles_of(prune(shipped("paper/program8")))
    assert found[0] == "clipping"
    assert {"sign", "momentum", "interpolated momentum", "weight decay"} < set(found)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("adamw_corrected", {"momentum", "second moment", "normalisation"}),
        ("adam", {"bias correction", "root of the second moment", "schedule"}),
        ("rmsprop", {"second moment", "normalisation"}),
        ("lamb", {"norm", "weight decay"}),
        ("muon", {"preconditioner", "momentum"}),
    ],
)
def test_roles(name: str, wanted: set[str]) -> None:
    assert wanted <= set(roles_of(prune(shipped(name))))


@pytest.mark.parametrize(
    ("name", "rate", "decay"),
    [("adamw", 1e-3, 0.01), ("lion", 1e-4, 1.0), ("paper/program8", 2.1718e-4, 0.4602)],
)
def test_rate_and_decay(name: str, rate: float, decay: float) -> None:
    found = rates_of(shipped(name))
    assert found.steps == (Factor(pytest.approx(rate, rel=1e-3), 1),)
    assert found.decay_of_rate == pytest.approx(decay, rel=1e-3)


def test_without_decay_there_is_none() -> None:
    assert rates_of(shipped("adam")).decays == ()


def test_memory() -> None:
    found = {name: explain(shipped(name)).memory for name in program_names()}
    assert found["adamw"].bytes_per_weight == 8
    assert found["lion"].bytes_per_weight == 4
    assert found["sgd"].states == 0
    # What is dead takes no memory.
    assert found["paper/program8"].bytes_per_weight == 4
    assert dict(found["adafactor"].others) == {
        "rows": "4 bytes for each row",
        "columns": "4 bytes for each column",
    }


def test_cost_is_a_ratio_of_medians_by_turns() -> None:
    # Each reading of the clock is later than the one before by one more than that.
    ticks = np.cumsum(np.arange(100))
    numbers = count()
    cost = step_cost(shipped("sgd"), 3, lambda: float(ticks[next(numbers)]))
    # Program: 1, 5, 9; AdamW: 3, 7, 11.
    assert (cost.program, cost.adamw) == (5.0, 7.0)
    assert cost.ratio == 5.0 / 7.0


def test_the_command_line() -> None:
    answer = evosearch("explain", "lion")
    assert "memory: 1 state, 4 bytes a weight" in answer.output
    assert "decay:  0.0001 η w, 1 of the rate" in answer.output
    assert "# interpolated momentum" in answer.output
    told = json.loads(evosearch("explain", "adamw", "--json").output)
    assert told["equations"][-1] == "w ← w − 0.001 η (m′ / √v′ + 0.01 w)"
    assert told["bytes_per_weight"] == 8
    assert 0.2 < told["cost"]["ratio"] < 5.0


def test_formulas_in_latex_are_those_of_the_export(tmp_path: Path) -> None:
    out = tmp_path / "lion.tex"
    assert evosearch("export", "lion", "--to", "latex", "-o", out).code == 0
    assert evosearch("explain", "lion", "--latex").output == out.read_text()
    told = json.loads(evosearch("explain", "lion", "--json", "--latex").output)
    assert told["latex"] == out.read_text()
    # No function has to be called as the program's file.
    (tmp_path / "1.opt").write_text(read_program("lion"))
    assert r"\beta_{1}" in evosearch("explain", tmp_path / "1.opt", "--latex").output
