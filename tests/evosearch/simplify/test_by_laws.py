"""`evosearch simplify` prints each law with what it changed, and then the program."""

from __future__ import annotations

import json
from pathlib import Path

from dsl import digest, parse, simplify
from dsl.library import read_program
from tests.command_line import ROOT, evosearch, refused


def test_the_derivation_of_program_8() -> None:
    printed = evosearch("simplify", "paper/program8").output
    assert (
        """\
6. interpolation towards the first, twice: line 5, in real arithmetic
   interp(x, interp(x, y, a), b) = interp(x, y, a * b)
   - v = interp(g, m, 1.109133)
   + v = interp(g, v, 0.99821967)

def train(w, g, v, lr):
"""
        in printed
    )
    last = "21 to 9 statements, 2 to 1 states; the updates are the same in real arithm"
    assert last in printed


def test_the_derivation_in_json(tmp_path: Path) -> None:
    out = tmp_path / "out.opt"
    answer = evosearch("simplify", "paper/program8", "--json", "-o", out)
    found = json.loads(answer.output)
    derivation = simplify(parse(read_program("paper/program8")))
    assert found["exact"] is False
    assert found["before"] == {"statements": 21, "states": 2}
    assert found["after"] == {"statements": 9, "states": 1}
    assert [step["law"] for step in found["steps"]] == [s.law for s in derivation.steps]
    assert all(
        set(step) == {"law", "statement", "exact", "line", "program"}
        for step in found["steps"]
    )
    assert found["steps"][-1]["program"] == found["program"]
    assert digest(parse(found["program"])) == found["digest"]
    assert out.read_text() == f"# Simplified by laws.\n{found['program']}"
    there = refused("simplify", "adamw", "--out", tmp_path / "no" / "out.opt")
    assert there.startswith(f"--out {tmp_path}/no/out.opt: there is no folder")


def test_exact_laws_alone() -> None:
    answer = evosearch("simplify", "paper/program8", "--exact", "--json")
    found = json.loads(answer.output)
    assert found["exact"] is True
    assert {step["exact"] for step in found["steps"]} == {True}
    assert found["after"] == {"statements": 12, "states": 1}


def test_nothing_to_simplify() -> None:
    printed = evosearch("simplify", "adamw").output
    assert printed.startswith("no law makes it shorter\n")
    assert "9 to 9 statements, 2 to 2 states; the updates are the same bit" in printed


def test_a_function_of_a_user_is_left_as_it_is(tmp_path: Path) -> None:
    file = ROOT / "tests" / "tasks" / "softsign.py"
    program = tmp_path / "own.opt"
    program.write_text("def train(w, g, lr):\n  return softsign(-(-g) * lr) * 1.0\n")
    assert "softsign" in refused("simplify", program)
    answer = evosearch("simplify", program, "--functions", file, "--json")
    found = json.loads(answer.output)
    assert found["after"] == {"statements": 2, "states": 0}
    assert "= softsign(" in found["program"]
