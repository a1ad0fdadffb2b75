"""A program that reads no learning rate is given one, and does what it did at 1."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from dsl import check, prune
from dsl.interpret import interpret
from dsl.program import Program
from evosearch.export.rate import with_learning_rate
from tests.command_line import evosearch
from tests.strategies import programs


@pytest.mark.parametrize(
    ("body", "default"),
    [("u = g * 0.0063", 0.0063), ("u = sign(g)", 1.0), ("u = g", 1.0)],
)
def test_a_program_without_a_rate_is_given_one(
    body: str, default: float, tmp_path: Path
) -> None:
    path = tmp_path / "constant.opt"
    path.write_text(f"def train(w, g, lr):\n    {body}\n    return u\n")
    for target, rate in (("optax", "learning_rate"), ("torch", "lr")):
        out = tmp_path / f"{target}.py"
        answer = evosearch("export", path, "--to", target, "-o", out, "--json")
        assert answer.code == 0, answer.error
        constants = json.loads(answer.output)["constants"]
        assert constants == pytest.approx({"learning_rate": default})
        source = out.read_text()
        assert f"{rate}: " in source
        assert "keeps it constant" in " ".join(source.split())


@given(programs(max_statements=6))
def test_with_a_rate_of_1_it_is_the_same_program(program: Program) -> None:
    program = prune(program)
    given_rate, added = with_learning_rate(program)
    check(given_rate)
    assert added == (not rate_is_read(program))
    random = np.random.default_rng(0)
    trees = [[random.normal(size=3)] for _ in range(2 + len(program.states))]
    with np.errstate(all="ignore"):
        before = interpret(program, np, trees, 1.0, 2.0)
        after = interpret(given_rate, np, trees, 1.0, 2.0)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def rate_is_read(program: Program) -> bool:
    name = program.learning_rate
    for statement in program.statements:
        if name in statement.reads:
            return True
        if statement.target == name:
            return False
    return name in program.outputs
