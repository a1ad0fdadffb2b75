"""A program as a list of steps, each value with one definition and a type.

What the writers of all targets start from: dead code is gone, names that are assigned
more than once are told apart, and clipping is split in its factor and a product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dsl.check import infer_types
from dsl.functions import FUNCTIONS
from dsl.interpret import uses_matrices
from dsl.program import Constant, Program, Variable, state_types
from dsl.prune import prune
from dsl.types import Type
from dsl.unparse import unparse

CLIP_FACTOR = "clip_factor"
"""min(1, limit / global_norm(x)): what `clip` multiplies x by."""


@dataclass(frozen=True, slots=True)
class Value:
    """What the header gives or a step makes.

    Attributes:
        number: which one it is; no two values of a trace have the same.
        name: what the program calls it.
        kind: its type.
    """

    number: int
    name: str
    kind: Type

    @property
    def is_scalar(self) -> bool:
        """Whether it is one number for the whole model."""
        return self.kind is Type.SCALAR


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant of the program that the user of its export may change.

    Attributes:
        name: of the keyword argument.
        value: the constant, exactly a float32.
        meaning: a sentence for the documentation.
    """

    name: str
    value: float
    meaning: str


Operand = Value | Parameter | Constant


@dataclass(frozen=True, slots=True)
class Step:
    """One call: a key of `dsl.FUNCTIONS` or `CLIP_FACTOR`, and what it makes.

    `line` is the program's own line, for the documentation.
    """

    function: str
    operands: tuple[Operand, ...]
    result: Value
    line: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A program without dead code, every value with one definition.

    Attributes:
        program: what it was made of, pruned.
        weights, gradient, states, rate, count: the values of the header; `count` is the
            step count, None if the program has none.
        steps: in the program's order.
        update: what the weights are made smaller by.
        new_states: the states after the step.
        parameters: the constants that have names, learning rate first (`naming`).
        constant_rate: whether the program it was made of read no rate (`rate`).
    """

    program: Program
    weights: Value
    gradient: Value
    states: tuple[Value, ...]
    rate: Value
    count: Value | None
    steps: tuple[Step, ...]
    update: Value
    new_states: tuple[Value, ...]
    parameters: tuple[Parameter, ...] = ()
    constant_rate: bool = False

    @property
    def matrices(self) -> bool:
        """Whether it works on the matrix view of each weight array."""
        return uses_matrices(self.program)

    @property
    def outputs(self) -> tuple[Value, ...]:
        """The update, then the new states."""
        return (self.update, *self.new_states)

    def reads(self) -> Counter[int]:
        """How often each value is read, by its number; an output is a read."""
        read = read_values(self.steps)
        return Counter(value.number for value in (*read, *self.outputs))

    def reads_rate(self) -> bool:
        """Whether the learning rate matters to it."""
        return self.reads()[self.rate.number] > 0

    def reads_count(self) -> bool:
        """Whether the step count matters to it."""
        return self.count is not None and self.reads()[self.count.number] > 0


def read_values(steps: Iterable[Step]) -> list[Value]:
    """The values that steps read, as often as they do."""
    return [each for step in steps for each in step.operands if isinstance(each, Value)]


def trace(program: Program, split_clip: bool = True) -> Trace:
    """Follow a valid program's values from its header to its outputs.

    With `split_clip` a clipping is two steps, the factor and the product with it.
    """
    program = prune(program)
    made: list[Value] = []
    scope: dict[str, Value] = {}

    def new(name: str, kind: Type) -> Value:
        made.append(Value(len(made), name, kind))
        scope[name] = made[-1]
        return made[-1]

    weights, gradient = (
        new(program.weights, Type.TREE),
        new(program.gradient, Type.TREE),
    )
    kinds = state_types(program)
    states = tuple(map(new, program.states, kinds))
    rate = new(program.learning_rate, Type.SCALAR)
    count = None if program.step is None else new(program.step, Type.SCALAR)
    steps: list[Step] = []
    lines = unparse(program).splitlines()[1:]
    for statement, kind, line in zip(
        program.statements, infer_types(program), lines, strict=False
    ):
        operands = tuple(
            scope[each.name] if isinstance(each, Variable) else each
            for each in statement.arguments
        )
        function = statement.function
        if function == "clip_by_global_norm" and split_clip:
            factor = new(f"{statement.target}_scale", Type.SCALAR)
            steps.append(Step(CLIP_FACTOR, operands, factor, line.strip()))
            operands, function = (operands[0], factor), "multiply"
        made_now = new(statement.target, kind)
        steps.append(Step(function, operands, made_now, line.strip()))
    update, *rest = (scope[name] for name in program.outputs)
    return Trace(
        program,
        weights,
        gradient,
        states,
        rate,
        count,
        tuple(steps),
        update,
        tuple(rest),
    )


def is_reduction(function: str) -> bool:
    """Whether it sums over all weight arrays, to one number for the whole model."""
    if function == CLIP_FACTOR:
        return True
    row = FUNCTIONS[function]
    return row.reduces and row.result is Type.SCALAR
