"""Hypothesis strategies for the language: programs as data, always valid."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from dsl.functions import FUNCTIONS, Function, Type
from dsl.program import Argument, Constant, Program, Statement, Variable

NAMES = (
    *"wgmvxyzeabcdpqrst",
    *("lr", "update", "m_1", "_t", "Gradient", "v845", "train"),
    # A variable may be called like a function.
    *("sqrt", "norm", "interp"),
)
"""Names that the strategies draw from; none of them is `step`."""


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
    functions: Sequence[str] = tuple(FUNCTIONS),
    numbers: st.SearchStrategy[Constant] | None = None,
) -> Program:
    """A valid program: any header, any functions, often overwriting and dead code."""
    count = draw(st.integers(0, max_states))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=count + 3, unique=True))
    *trees, learning_rate = names[: count + 3]
    step = draw(st.sampled_from((None, "step")))
    scope = dict.fromkeys(trees, Type.TREE) | {learning_rate: Type.SCALAR}
    if step is not None:
        scope[step] = Type.SCALAR
    if numbers is None:
        numbers = constants()
    statements = [
        draw(_statements(scope, functions, numbers))
        for _ in range(draw(st.integers(min_statements, max_statements)))
    ]
    outputs = _recent(_named(scope, Type.TREE))
    return Program(
        weights=trees[0],
        gradient=trees[1],
        states=tuple(trees[2:]),
        learning_rate=learning_rate,
        step=step,
        statements=tuple(statements),
        outputs=tuple(draw(outputs) for _ in range(1 + count)),
    )


@st.composite
def _statements(
    draw: st.DrawFn,
    scope: dict[str, Type],
    functions: Sequence[str],
    numbers: st.SearchStrategy[Constant],
) -> Statement:
    """A statement that fits the scope; its target becomes the scope's last name."""
    row = FUNCTIONS[draw(st.sampled_from(functions))]
    arguments: list[Argument] = []
    for parameter in row.parameters:
        # The Tree that was stored last comes last.
        names = sorted(scope, key=scope.__getitem__)
        fitting = [name for name in names if scope[name] in parameter.accepts]
        variables = st.builds(Variable, _recent(fitting)) if fitting else None
        if Type.SCALAR not in parameter.accepts:
            assert variables is not None
            arguments.append(draw(variables))
        else:
            either = numbers if variables is None else variables | variables | numbers
            arguments.append(draw(either))
    result = _result(row, arguments, scope)
    targets = st.sampled_from(list(scope)) | st.sampled_from(NAMES)
    target = draw(targets)
    if result is not Type.TREE and _named(scope, Type.TREE) == [target]:
        # The outputs need a Tree: keep the last one.
        target = draw(st.sampled_from([name for name in NAMES if name != target]))
    scope.pop(target, None)
    scope[target] = result
    return Statement(target, row.name, tuple(arguments))


def _recent(names: list[str]) -> st.SearchStrategy[str]:
    """One of the names, mostly the last, so that some of a program is alive."""
    return st.sampled_from([names[-1]] * len(names) + names)


def _result(row: Function, arguments: list[Argument], scope: dict[str, Type]) -> Type:
    if row.result is not None:
        return row.result
    return max(
        scope[each.name] if isinstance(each, Variable) else Type.SCALAR
        for each in arguments
    )


def _named(scope: dict[str, Type], wanted: Type) -> list[str]:
    return [name for name, kind in scope.items() if kind is wanted]
