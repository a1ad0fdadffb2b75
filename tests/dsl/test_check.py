"""Checking: each rule accepts one example and rejects another; faults are located."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import DslError, Program, check, parse, unparse
from dsl.check import Reason, find_fault, infer_types
from dsl.faults import MAX_STATEMENTS
from dsl.functions import FUNCTIONS
from dsl.program import Argument, Constant, Statement, Variable
from dsl.rows import result_type
from dsl.types import ANY, SQUARE, Type, in_a_sentence, in_a_table
from tests.strategies import programs

BASE = Program("w", "g", ("m",), "lr", None, (), ("g", "m"))


def call(function: str, *arguments: str | float, target: str = "x") -> Statement:
    read: list[Argument] = [
        Variable(each) if isinstance(each, str) else Constant(each)
        for each in arguments
    ]
    return Statement(target, function, tuple(read))


def with_calls(*statements: Statement) -> Program:
    return BASE._replace(statements=statements)


ACCEPTED_AND_REJECTED: dict[Reason, list[tuple[Program, Program, int | None]]] = {
    Reason.HEADER: [
        (BASE._replace(step="step"), BASE._replace(step="t"), 4),
        (BASE, BASE._replace(states=("g",)), 2),
        (BASE, BASE._replace(learning_rate="step"), 3),
        (BASE, BASE._replace(states=("step",), outputs=("g", "step")), 2),
        # Shapes are one for each state; if all are Trees they are left away.
        *(
            (BASE._replace(shapes=(Type.LEFT,)), BASE._replace(shapes=shapes), None)
            for shapes in ((Type.TREE,), (Type.SCALAR,), (Type.LEFT, Type.LEFT))
        ),
    ],
    Reason.NAME: [
        (
            with_calls(call("sqrt", "g")),
            with_calls(call("sqrt", "g", target="1x")),
            None,
        ),
        (BASE._replace(weights="weight"), BASE._replace(weights="in"), 0),
        (
            BASE._replace(gradient="sqrt", outputs=("w", "m")),
            BASE._replace(states=("é",), outputs=("g", "é")),
            2,
        ),
    ],
    Reason.LENGTH: [
        (
            with_calls(*[call("sqrt", "g")] * MAX_STATEMENTS),
            with_calls(*[call("sqrt", "g")] * (MAX_STATEMENTS + 1)),
            None,
        )
    ],
    Reason.UNKNOWN_FUNCTION: [
        (with_calls(call("sqrt", "g")), with_calls(call("sqr", "g")), None),
        # A statement has the name of the table, never an alias.
        (
            with_calls(call("maximum", "g", "m")),
            with_calls(call("max", "g", "m")),
            None,
        ),
    ],
    Reason.ARITY: [
        (with_calls(call("get_pi")), with_calls(call("get_pi", "g")), None),
        (with_calls(call("add", "g", "m")), with_calls(call("add", "g")), None),
    ],
    Reason.UNBOUND: [
        (
            with_calls(call("sqrt", "g", target="y"), call("sqrt", "y")),
            with_calls(call("sqrt", "g", target="x"), call("sqrt", "y")),
            0,
        ),
        (BASE, with_calls(call("sqrt", "x")), 0),
        (BASE, BASE._replace(outputs=("g", "x")), 1),
    ],
    Reason.CONSTANT: [
        (with_calls(call("add", "g", 0.5)), with_calls(call("add", "g", 0.1)), 1),
        (with_calls(call("add", "g", -0.0)), with_calls(call("add", "g", math.nan)), 1),
        (with_calls(call("sqrt", 2.0**127)), with_calls(call("sqrt", 2.0**128)), 0),
        (with_calls(call("sqrt", 1e-45 * 0)), with_calls(call("sqrt", -math.inf)), 0),
    ],
    Reason.ARGUMENT_TYPE: [
        (with_calls(call("norm", "g")), with_calls(call("norm", "lr")), 0),
        (with_calls(call("dot", "g", "m")), with_calls(call("dot", "g", 1.0)), 1),
        (
            with_calls(call("interpolate", "g", "m", "lr")),
            with_calls(call("interpolate", "g", "m", "g")),
            2,
        ),
        (
            with_calls(call("global_norm", "g"), call("clip_by_global_norm", "g", "x")),
            with_calls(call("norm", "g"), call("clip_by_global_norm", "g", "x")),
            1,
        ),
    ],
    Reason.OUTPUT_COUNT: [
        (BASE, BASE._replace(outputs=("g",)), None),
        (
            BASE._replace(outputs=("g", "g")),
            BASE._replace(outputs=("g", "g", "m")),
            None,
        ),
    ],
    Reason.SHAPE: [
        # g is (r, c): with itself turned it makes a (r, r), which m is not.
        (
            with_calls(call("transpose", "g", target="y"), call("matmul", "g", "y")),
            with_calls(call("matmul", "g", "m")),
            None,
        ),
        (
            with_calls(call("row_mean", "g", target="y"), call("add", "y", "g")),
            with_calls(call("transpose", "g", target="y"), call("add", "y", "g")),
            None,
        ),
    ],
    Reason.OUTPUT_TYPE: [
        # A state keeps the shape that the header gives it.
        (
            with_calls(call("norm", "g", target="m"))._replace(shapes=(Type.LEAFWISE,)),
            BASE._replace(shapes=(Type.LEAFWISE,), outputs=("g", "w")),
            1,
        ),
        (BASE, BASE._replace(outputs=("g", "lr")), 1),
        (
            with_calls(
                call("norm", "g", target="y"), call("multiply", "y", "g")
            )._replace(outputs=("x", "m")),
            with_calls(call("norm", "g"))._replace(outputs=("x", "m")),
            0,
        ),
        # An overwritten Tree is what was last stored in it.
        (
            with_calls(call("dot", "g", "g")),
            with_calls(call("dot", "g", "g", target="m")),
            1,
        ),
    ],
}
RULES = [
    pytest.param(reason, *example, id=f"{reason}-{number}")
    for reason, examples in ACCEPTED_AND_REJECTED.items()
    for number, example in enumerate(examples)
]


def test_a_type_is_one_decimal_digit() -> None:
    """`check` looks calls up by their arguments' types, written as decimal numbers."""
    assert sorted(Type) == list(range(len(Type)))
    assert len(Type) <= 10


def test_types_in_words() -> None:
    assert (in_a_table(ANY), in_a_sentence(reversed(ANY))) == ("any", "any value")
    assert (in_a_table(SQUARE), in_a_sentence(SQUARE)) == ("square", "a square matrix")
    mixed = (Type.TREE, Type.SCALAR, Type.LEFT)
    assert in_a_table(mixed) == "Tree or Scalar or (r, r)"
    assert in_a_sentence(mixed) == "a Tree or a Scalar or (r, r)"


def test_every_rule_has_an_example() -> None:
    assert set(ACCEPTED_AND_REJECTED) == set(Reason)


@pytest.mark.parametrize(("reason", "accepted", "rejected", "argument"), RULES)
def test_rule(
    reason: Reason, accepted: Program, rejected: Program, argument: int | None
) -> None:
    assert find_fault(accepted) is None
    check(accepted)
    fault = find_fault(rejected)
    assert fault is not None
    assert (fault.reason, fault.argument) == (reason, argument)
    with pytest.raises(DslError) as raised:
        check(rejected)
    error = raised.value
    assert (error.message, error.hint) == (fault.message, fault.hint)
    assert error.source_line == unparse(rejected).split("\n")[error.line - 1]


def test_fault_names_statement_and_argument() -> None:
    program = with_calls(call("sqrt", "g"), call("interpolate", "x", 0.5, "w"))
    fault = find_fault(program)
    assert fault is not None
    assert (fault.statement, fault.argument) == (1, 2)
    with pytest.raises(DslError) as raised:
        check(program)
    assert (raised.value.line, raised.value.column) == (3, 24)
    assert raised.value.source_line[23:] == "w)"


@pytest.mark.parametrize(
    ("program", "rest"),
    [
        (with_calls(call("add", "y", "g")), "y + g"),
        (with_calls(call("divide", "g", "y")), "y"),
        (with_calls(call("negative", "y")), "y"),
        (with_calls(call("dot", "g", "y")), "y)"),
        (with_calls(call("sqr", "g")), "x = sqr(g)"),
        (BASE._replace(outputs=("g", "y")), "y"),
        (BASE._replace(outputs=("g",)), "return g"),
        (BASE._replace(states=("g",)), "g, lr):"),
    ],
)
def test_error_points_into_the_printed_text(program: Program, rest: str) -> None:
    with pytest.raises(DslError) as raised:
        check(program)
    assert raised.value.source_line[raised.value.column - 1 :] == rest


def reference_types(program: Program) -> list[Type] | None:
    """The types of the statements by the table's own words; None if one is wrong."""
    scope = dict.fromkeys((program.weights, program.gradient), Type.TREE)
    scope |= dict.fromkeys(program.states, Type.TREE)
    scope |= {program.learning_rate: Type.SCALAR, "step": Type.SCALAR}
    found = []
    for statement in program.statements:
        row = FUNCTIONS[statement.function]
        given = []
        for argument in statement.arguments:
            if isinstance(argument, Constant):
                given.append(Type.SCALAR)
            elif argument.name in scope:
                given.append(scope[argument.name])
            else:
                return None
        if len(given) != len(row.parameters) or any(
            kind not in parameter.accepts
            for kind, parameter in zip(given, row.parameters, strict=True)
        ):
            return None
        result = result_type(row, given)
        if result is None:
            return None
        scope[statement.target] = result
        found.append(result)
    if any(scope.get(name) is not Type.TREE for name in program.outputs):
        return None
    return found


@given(programs())
def test_generated_programs_are_valid_and_typed_by_the_table(program: Program) -> None:
    assert find_fault(program) is None
    assert list(infer_types(program)) == reference_types(program)


@given(programs(min_statements=1, max_statements=6), st.data())
def test_a_damaged_program_is_valid_only_if_the_table_says_so(
    program: Program, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(program.statements) - 1))
    statement = program.statements[index]
    names = [*(each.target for each in program.statements), program.learning_rate, "g"]
    damaged = replace(
        statement,
        function=data.draw(st.sampled_from((statement.function, *FUNCTIONS))),
        target=data.draw(st.sampled_from(names)),
        arguments=tuple(
            data.draw(st.sampled_from((each, *map(Variable, names))))
            for each in statement.arguments
        ),
    )
    before, after = program.statements[:index], program.statements[index + 1 :]
    kept = data.draw(st.sampled_from(((damaged,), ())))
    child = program._replace(step="step", statements=(*before, *kept, *after))
    assert (find_fault(child) is None) == (reference_types(child) is not None)
    if find_fault(child) is None:
        assert parse(unparse(child)) == child


@pytest.mark.parametrize("name", ["", "?"])
def test_what_stands_for_a_constant_is_no_name(name: str) -> None:
    """A program that reads or writes such a name would not read back."""
    reading = Statement("x", "square", (Variable(name),))
    writing = Statement(name, "square", (Variable("g"),))
    for statements in ((reading,), (writing,), (writing, reading)):
        program = Program("w", "g", (), "lr", None, statements, ("g",))
        assert find_fault(program) is not None
