"""A small share of `make fuzz`, and the proof that it finds what is broken."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from dsl import FUNCTIONS, digest, parse, prune, unparse
from tests.fuzz import digests, forms, functions, programs, shrink, texts
from tests.fuzz.__main__ import main
from tests.fuzz.blocks import SIZES, Block, Finder, Found, blocks_of
from tests.fuzz.generation import program_of
from tests.fuzz.problem import Failure
from tests.fuzz.processes import check_all
from tests.fuzz.tally import Tally

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _one_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """One layout, the smallest: each compiles a machine."""
    for module in (programs, functions):
        monkeypatch.setattr(module, "LAYOUTS", forms.LAYOUTS[-1:])


def found_in(kind: str, count: int, first: int = 0) -> Found:
    return Finder(0).check(Block(kind, first, count), lambda number: None)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("texts", 400), ("programs", 5)])
def test_a_share_of_it_finds_nothing(kind: str, count: int) -> None:
    assert found_in(kind, count).failures == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["power", "maximum", "cosine_sim", "get_pi"])
def test_a_round_of_some_functions_finds_nothing(name: str) -> None:
    assert functions.problem(name, 0, 0) is None


def fails(failure: Failure) -> bool:
    """Whether its test can be run, and fails."""
    names: dict[str, Any] = {}
    exec(failure.test, names)
    try:
        names["test_what_fuzzing_found"]()
    except AssertionError:
        return True
    return False


def planted(monkeypatch: pytest.MonkeyPatch, break_it: Callable[[str], None]) -> None:
    """A parser that does something to some texts first."""

    def broken(text: str) -> Any:
        break_it(text)
        return parse(text)

    monkeypatch.setattr(texts, "parse", broken)


def no_roots(text: str) -> None:
    if "sqrt" in text:
        raise ValueError("no roots today")


def test_an_exception_of_the_parser_is_found_and_shrunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planted(monkeypatch, no_roots)
    found = found_in("texts", 200)
    (failure,) = found.failures
    assert failure.problem.law == "ValueError in test_fuzz.py, no_roots"
    assert "assert problem('sqrt') is None" in failure.test
    assert len(found.broken) > 5
    assert fails(failure)
    monkeypatch.undo()
    assert not fails(failure)


def test_a_parser_that_hangs_is_found_and_shrunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hang(text: str) -> None:
        while "lr" in text:
            pass

    planted(monkeypatch, hang)
    monkeypatch.setattr(texts, "SECONDS", 0.03)
    (failure,) = found_in("texts", 3).failures
    assert failure.problem.law == "reading a text takes too long"
    assert "assert problem('lr') is None" in failure.test


def test_a_text_that_is_read_back_otherwise_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without_signs(program: Any) -> str:
        return re.sub(r"-(?=\d)", "", unparse(program))

    monkeypatch.setattr(texts, "unparse", without_signs)
    (failure,) = found_in("texts", 300).failures
    assert failure.problem.law == "the text is read back as another program"
    assert fails(failure)


@pytest.fixture
def wrong_formula() -> Iterator[Callable[[str, Callable[..., Any]], None]]:
    """Replaces a formula; the rows are frozen, so that nothing else does."""
    rows = {}

    def replace(name: str, formula: Callable[..., Any]) -> None:
        rows[name] = FUNCTIONS[name].formula
        object.__setattr__(FUNCTIONS[name], "formula", formula)

    yield replace
    for name, formula in rows.items():
        object.__setattr__(FUNCTIONS[name], "formula", formula)


def test_a_wrong_formula_is_found(wrong_formula: Any) -> None:
    wrong_formula("tanh", lambda xp, x: xp.tanh(x) * (1.0 + 1e-9))
    problem = functions.problem("tanh", 0, 0)
    assert problem is not None
    assert problem.law == "tanh: float64 disagrees with the reference"


def test_a_function_that_is_not_commutative_is_found(wrong_formula: Any) -> None:
    wrong_formula("maximum", lambda xp, x, y: xp.where(x >= y, x, y))
    problem = functions.problem("maximum", 0, 0)
    assert problem is not None
    assert "swapped" in problem.law or "reference" in problem.law


def test_matrices_that_are_wrong_under_jax_are_found(wrong_formula: Any) -> None:
    wrong_formula("transpose", lambda xp, x: x.T if hasattr(xp, "errstate") else -x.T)
    problem = functions.problem("transpose", 0, 0)
    assert problem is not None
    assert "lowered program disagrees" in problem.law


@pytest.mark.slow
def test_a_form_that_disagrees_is_found_and_shrunk(wrong_formula: Any) -> None:
    """A formula that is wrong under JAX alone: NumPy calls it `numpy`."""

    def formula(xp: Any, x: Any) -> Any:
        return xp.tanh(x) * (1.0 if hasattr(xp, "errstate") else 1.01)

    wrong_formula("tanh", formula)
    number = next(
        n
        for n in range(1000)
        if any(s.function == "tanh" for s in prune(program_of(0, n)).statements)
        and programs.find(0, n)[0] is not None
    )
    (failure,) = found_in("programs", 1, number).failures
    assert "disagrees with float64" in failure.problem.law
    assert failure.test.count(" = ") <= 3, "one or two statements are enough"
    assert "tanh(" in failure.test
    assert fails(failure)


class Careless:
    """A packing of constants that tells none from another."""

    def pack(self, tag: bytes, value: float) -> bytes:
        return tag


@pytest.fixture
def careless_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    # By its name in `dsl` it would be the function.
    monkeypatch.setattr(import_module("dsl.digest"), "_CONSTANT", Careless())
    # The forms are not what is looked at here, and take seconds.
    monkeypatch.setattr(programs, "_steps", lambda conduct, number: None)


@pytest.mark.usefixtures("careless_digest")
def test_a_digest_that_forgets_constants_is_found_and_shrunk() -> None:
    (failure,) = found_in("programs", 30).failures
    assert failure.problem.law == digests.COLLISION
    body = failure.test.partition("def train")[2].partition("return")[0]
    assert body.count(" = ") == 1
    assert fails(failure)


@pytest.mark.usefixtures("careless_digest")
def test_two_programs_of_a_run_that_share_a_digest_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "changed", lambda conduct, number: None)
    tally = Tally(0, [Block("programs", 0, 300)])
    (failure,) = tally.add(found_in("programs", 300))
    assert failure.problem.law == digests.COLLISION
    assert failure.source.count("programs:") == 2
    assert fails(failure)
    one, other = [program_of(0, int(n)) for n in failure.source[9:].split(",programs:")]
    assert digest(one) == digest(other)


def test_shrinking_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrink, "SECONDS", 0.0)
    assert shrink.shrink_text("x" * 100, lambda text: True) == "x" * 100


def test_the_command_says_what_it_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = next(n for n in range(100) if "sqrt" in texts.garbled_text(7, n))
    only = ["--seed", "7", "--only", f"texts:{number}"]
    assert main(only) == 0
    assert "nothing found" in capsys.readouterr().out
    planted(monkeypatch, no_roots)
    assert main(only) == 1
    out = capsys.readouterr().out
    assert f"python -m tests.fuzz --seed 7 --only texts:{number}" in out
    assert "    assert problem('sqrt') is None" in out
    assert main([*only, "--json"]) == 1
    (failure,) = json.loads(capsys.readouterr().out)["failures"]
    assert failure["law"] == "ValueError in test_fuzz.py, no_roots"


def test_all_numbers_are_in_one_block() -> None:
    counts = {"texts": 1001, "programs": 55, "functions": 3}
    seen = [
        (block.kind, number)
        for block in blocks_of(counts)
        for number in range(block.first, block.first + block.count)
    ]
    assert len(seen) == len(set(seen)) == sum(counts.values())
    assert set(counts) == set(SIZES)


class Fragile:
    """Checks nothing; dies of text 3, and is stuck at text 15."""

    def __init__(self, seed: int) -> None:
        pass

    def check(self, block: Block, started: Callable[[int], None]) -> Found:
        for number in range(block.first, block.first + block.count):
            started(number)
            if number == 3:
                os._exit(1)
            while number == 15:
                time.sleep(1.0)
        return Found(block)


@pytest.mark.slow
def test_a_process_that_dies_or_is_stuck_is_a_finding() -> None:
    blocks = [Block("texts", 0, 10), Block("texts", 10, 10)]
    results = [each for each in check_all(blocks, 0, 1, Fragile, stuck=1.0) if each]
    sources = {f.source: f.problem.law for each in results for f in each.failures}
    assert sources == {
        "texts:3": "a process died",
        "texts:15": "a process is stuck",
    }
    assert sum(each.block.count for each in results) == 20


@pytest.mark.slow
def test_it_can_be_interrupted() -> None:
    """Ctrl-C goes to all its processes; the counts so far are told."""
    command = [sys.executable, "-m", "tests.fuzz", "--programs", "0", "--json"]
    process = subprocess.Popen(
        [*command, "--texts", "10000000", "--processes", "1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("texts ")
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    told = json.loads(out)
    assert (process.returncode, told["interrupted"], told["failures"]) == (
        130,
        True,
        [],
    )
    assert 0 < told["done"]["texts"] < 10_000_000
    assert "Traceback" not in err
