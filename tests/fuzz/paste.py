"""A failure as a test, ready to paste: its imports, its input and what must hold."""

from __future__ import annotations

from dsl import Program, parse, unparse
from tests.fuzz.problem import Problem

NODES = "from dsl.program import Constant, Program, Statement, Variable"


def test_of_text(text: str, problem: Problem) -> str:
    """A test of one text."""
    return _test(
        ["from tests.fuzz.texts import problem"],
        problem,
        [f"assert problem({text!a}) is None"],
    )


def test_of_program(program: Program, number: int, problem: Problem) -> str:
    """A test of one program; the number draws its inputs and its rewording."""
    return _test(
        [import_of(program), "from tests.fuzz.programs import problem"],
        problem,
        [f"program = {source(program)}", f"assert problem(program, {number}) is None"],
    )


def test_of_pair(one: Program, other: Program, problem: Problem) -> str:
    """A test of two programs of one digest."""
    imports = sorted({import_of(one), import_of(other)})
    return _test(
        [*imports, "from tests.fuzz.digests import same_behaviour"],
        problem,
        [
            f"one = {source(one)}",
            f"other = {source(other)}",
            "assert same_behaviour(one, other) is None",
        ],
    )


def test_of_round(seed: int, number: int, name: str, problem: Problem) -> str:
    """A test of one function on the values of a round."""
    return _test(
        ["from tests.fuzz.functions import problem"],
        problem,
        [f'assert problem("{name}", {seed}, {number}) is None'],
    )


def source(program: Program) -> str:
    """Python that makes a program: its text, if it is read back as it is."""
    text = unparse(program)
    return f'parse("""\\\n{text}""")' if _is_read_back(program) else repr(program)


def import_of(program: Program) -> str:
    """What `source` needs."""
    return "from dsl import parse" if _is_read_back(program) else NODES


def _is_read_back(program: Program) -> bool:
    try:
        return repr(parse(unparse(program))) == repr(program)
    except Exception:  # any fault of the parser that is being looked for
        return False


def _test(imports: list[str], problem: Problem, lines: list[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    words = " ".join(str(problem).split())
    return (
        "\n".join(imports)
        + "\n\n\ndef test_what_fuzzing_found() -> None:\n"
        + f"    # {words}\n{body}"
    )
