"""Hypothesis strategies for the language: programs as data, always valid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import permutations, product
from typing import TypeVar

from hypothesis import strategies as st

from dsl.check import types_in_scope
from dsl.functions import FUNCTIONS, SETS
from dsl.program import Argument, Constant, Program, Statement, Variable, shapes_of
from dsl.rows import Function, result_type
from dsl.types import SHAPED, Type

NAMES = (
    *"wgmvxyzeabcdpqrst",
    *("lr", "update", "m_1", "_t", "Gradient", "v845", "train"),
    # A variable may be called like a function.
    *("sqrt", "norm", "interp"),
)
"""Names that the strategies draw from; none of them is `step`."""


T = TypeVar("T")


def chosen(draw: st.DrawFn, options: Sequence[T]) -> T:
    """One of them, as of `sampled_from`, of which each one made costs a millisecond."""
    return options[draw(_below(len(options)))]


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


@cache
def constants() -> st.SearchStrategy[Constant]:
    """Finite float32 numbers: everyday ones, and negative, -0.0, tiny and huge ones."""
    everyday = st.sampled_from((0.0, -0.0, 1.0, -1.0, 0.5, 2.0))
    every = st.floats(width=32, allow_nan=False, allow_infinity=False)
    return st.builds(Constant, everyday | every)


@st.composite
def programs(
    draw: st.DrawFn,
    *,
    max_states: int = 3,
    min_statements: int = 0,
    max_statements: int = 12,
    functions: Sequence[str] = SETS["lion"],
    numbers: st.SearchStrategy[Constant] | None = None,
    shapes: Sequence[Type] = (Type.TREE,),
) -> Program:
    """A valid program: any header, any functions, often overwriting and dead code."""
    count = draw(st.integers(0, max_states))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=count + 3, unique=True))
    *trees, learning_rate = names[: count + 3]
    step = chosen(draw, (None, "step"))
    kinds = (Type.TREE, Type.TREE, *(chosen(draw, shapes) for _ in trees[2:]))
    scope = dict(zip(trees, kinds, strict=True)) | {learning_rate: Type.SCALAR}
    if step is not None:
        scope[step] = Type.SCALAR
    if numbers is None:
        numbers = constants()
    needed = frozenset(kinds)
    statements = [
        draw(_statements(scope, functions, numbers, needed))
        for _ in range(draw(st.integers(min_statements, max_statements)))
    ]
    outputs = (Type.TREE, *kinds[2:])
    return Program(
        weights=trees[0],
        gradient=trees[1],
        states=tuple(trees[2:]),
        learning_rate=learning_rate,
        step=step,
        statements=tuple(statements),
        outputs=tuple(chosen(draw, _recent(_named(scope, kind))) for kind in outputs),
        shapes=shapes_of(kinds[2:]),
    )


@st.composite
def matrix_programs(draw: st.DrawFn, **sizes: int) -> Program:
    """Programs of the paper's functions and those of matrices, states of any shape.

    The last statement makes the update, of a value of another shape if there is one.
    """
    # Those of matrices twice, so that most programs have some.
    functions = (*SETS["lion"], *SETS["matrix"], *SETS["matrix"])
    program = draw(programs(functions=functions, shapes=SHAPED, **sizes))
    endings = endings_of(program)
    return with_ending(program, chosen(draw, endings)) if endings else program


def endings_of(program: Program) -> list[Statement]:
    """Statements that make a Tree of two values, one of them of another shape."""
    scope = types_in_scope(program, len(program.statements))
    return [
        Statement("end", name, (Variable(x), Variable(y)))
        for name in ("multiply", "matmul")
        for x, y in permutations(scope, 2)
        if min(scope[x], scope[y]) > 0 and {scope[x], scope[y]} != {Type.TREE}
        if result_type(FUNCTIONS[name], (Type(scope[x]), Type(scope[y]))) is Type.TREE
    ]


def with_ending(program: Program, ending: Statement) -> Program:
    """The program whose update is what one more statement makes."""
    return program._replace(
        statements=(*program.statements, ending),
        outputs=(ending.target, *program.outputs[1:]),
    )


@st.composite
def _statements(
    draw: st.DrawFn,
    scope: dict[str, Type],
    functions: Sequence[str],
    numbers: st.SearchStrategy[Constant],
    needed: frozenset[Type],
) -> Statement:
    """A statement that fits the scope; its target becomes the scope's last name.

    The outputs need a value of each type in `needed`: the last one of it is kept.
    """
    held = set(scope.values())
    possible = [name for name in functions if fits(FUNCTIONS[name], [], held)]
    row = FUNCTIONS[chosen(draw, possible)]
    arguments: list[Argument] = []
    kinds: list[Type] = []
    for parameter in row.parameters:
        # The Tree that was stored last comes last.
        names = sorted(scope, key=lambda name: scope[name] > Type.LEAFWISE)
        fitting = [name for name in names if fits(row, [*kinds, scope[name]], held)]
        number = Type.SCALAR in parameter.accepts and (
            not fitting or chosen(draw, (False, False, True))
        )
        arguments.append(
            draw(numbers) if number else Variable(chosen(draw, _recent(fitting)))
        )
        kinds.append(_kind(arguments[-1], scope))
    result = result_type(row, kinds)
    assert result is not None
    target = chosen(draw, chosen(draw, (list(scope), NAMES)))
    old = scope.get(target)
    if old in needed and result is not old and _named(scope, old) == [target]:
        target = chosen(draw, [n for n in NAMES if scope.get(n) not in needed])
    scope.pop(target, None)
    scope[target] = result
    return Statement(target, row.name, tuple(arguments))


def fits(row: Function, kinds: list[Type], held: Iterable[Type]) -> bool:
    """Whether a call that begins with arguments of these types can be completed.

    `held` are the types that there are variables of; a constant is a Scalar.
    """
    choices = [[kind] for kind in kinds]
    choices += [[Type.SCALAR, *held]] * (len(row.parameters) - len(kinds))
    return any(
        all(kind in p.accepts for kind, p in zip(types, row.parameters, strict=True))
        and result_type(row, types) is not None
        for types in product(*choices)
    )


def _recent(names: list[str]) -> list[str]:
    """Names to choose from, mostly the last, so that some of a program is alive."""
    return [names[-1]] * len(names) + names


def _kind(argument: Argument, scope: dict[str, Type]) -> Type:
    return scope[argument.name] if isinstance(argument, Variable) else Type.SCALAR


def _named(scope: dict[str, Type], wanted: Type) -> list[str]:
    return [name for name, kind in scope.items() if kind is wanted]
