"""Strategies: programs that compute the same as a given one, in other words."""

from itertools import count

from hypothesis import strategies as st

from dsl import FUNCTIONS, Program
from dsl.check import types_in_scope
from dsl.functions import SETS
from dsl.program import Argument, Constant, Statement, Variable, header
from dsl.types import Type
from tests.stepping import all_names, places, rename, with_statements


@st.composite
def renamed(draw: st.DrawFn, program: Program) -> Program:
    """Other names: some of them swapped among themselves, some of them new."""
    old = sorted(all_names(program))
    # A program that was renamed before may have some of the new names.
    choices = sorted({*old, *(f"new_{name}" for name in old)})
    new = draw(st.permutations(choices))
    return rename(program, dict(zip(old, new[: len(old)], strict=True)))


@st.composite
def with_dead_statement(draw: st.DrawFn, program: Program) -> Program:
    """One more call whose value nobody reads, or is overwritten unread."""
    place = draw(places(program))
    made = draw(_call(program, place))
    overwritten = [
        statement.target
        for statement in program.statements[place : place + 1]
        if statement.target not in statement.reads
    ]
    target = draw(st.sampled_from([unused(program), *overwritten]))
    statements = list(program.statements)
    statements.insert(place, Statement(target, made.function, made.arguments))
    return with_statements(program, statements)


@st.composite
def with_dead_state(draw: st.DrawFn, program: Program) -> Program:
    """One more state that feeds itself, or takes any Tree, and is never used."""
    name = unused(program)
    place = draw(st.integers(0, len(program.states)))
    statements = program.statements
    scope = types_in_scope(program, len(statements))
    trees = [known for known, kind in scope.items() if kind == Type.TREE]
    source = Variable(draw(st.sampled_from([*trees, name])))
    accumulate = Statement(name, "add", (Variable(name), source))
    if draw(st.booleans()):
        statements = (*statements, accumulate)
    states = list(program.states)
    states.insert(place, name)
    outputs = list(program.outputs)
    outputs.insert(place + 1, draw(st.sampled_from([*trees, name])))
    return Program(
        program.weights,
        program.gradient,
        tuple(states),
        program.learning_rate,
        program.step,
        tuple(statements),
        tuple(outputs),
    )


@st.composite
def with_swapped_arguments(draw: st.DrawFn, program: Program) -> Program:
    """The first two arguments of some commutative functions change places."""
    return with_statements(
        program,
        [
            swapped(statement)
            if FUNCTIONS[statement.function].commutative and draw(st.booleans())
            else statement
            for statement in program.statements
        ],
    )


@st.composite
def reordered(draw: st.DrawFn, program: Program) -> Program:
    """Neighbours that do not touch each other's variables change places."""
    statements = list(program.statements)
    for _ in range(len(statements)):
        if len(statements) < 2:
            break
        place = draw(st.integers(0, len(statements) - 2))
        first, second = statements[place : place + 2]
        if independent(first, second):
            statements[place : place + 2] = [second, first]
    return with_statements(program, statements)


REWORDINGS = (
    renamed,
    with_dead_statement,
    with_dead_state,
    with_swapped_arguments,
    reordered,
)


@st.composite
def reworded(draw: st.DrawFn, program: Program) -> Program:
    """Several of the above, one after the other."""
    for _ in range(draw(st.integers(1, 4))):
        program = draw(draw(st.sampled_from(REWORDINGS))(program))
    return program


@st.composite
def _call(draw: st.DrawFn, program: Program, place: int) -> Statement:
    """A valid call of any function at a place of a program."""
    row = FUNCTIONS[draw(st.sampled_from(sorted(SETS["lion"])))]
    scope = types_in_scope(program, place)
    arguments: list[Argument] = []
    for parameter in row.parameters:
        fitting = [name for name, kind in scope.items() if kind in parameter.accepts]
        choices: list[Argument] = [Variable(name) for name in fitting]
        if Type.SCALAR in parameter.accepts:
            choices += [Constant(0.5), Constant(-2.0)]
        arguments.append(draw(st.sampled_from(choices)))
    return Statement("", row.name, tuple(arguments))


def unused(program: Program) -> str:
    """A name that the program does not have."""
    names = all_names(program) | set(header(program))
    return next(name for n in count() if (name := f"unused_{n}") not in names)


def swapped(statement: Statement) -> Statement:
    """The first two arguments change places."""
    first, second, *rest = statement.arguments
    arguments = (second, first, *rest)
    return Statement(statement.target, statement.function, arguments)


def independent(first: Statement, second: Statement) -> bool:
    """Whether two neighbours do not touch each other's variables."""
    return (
        first.target not in second.reads
        and second.target not in first.reads
        and first.target != second.target
    )
