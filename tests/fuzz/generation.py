"""Random valid programs, thousands a second, each made again from its seed and number.

Half are statements drawn one after the other from the table of functions, half are
descents by mutation from the programs of the library. Every tenth is of matrices.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from random import Random

from dsl import FUNCTIONS, Program, parse
from dsl.float32 import nearest_float32
from dsl.functions import SETS
from dsl.interpret import uses_matrices
from dsl.library import program_names, read_program
from dsl.program import Argument, Constant, Statement, Variable, shapes_of
from dsl.rows import Function, result_type
from dsl.types import SHAPED, Type
from evosearch.mutate import Odds, mutate
from tests.strategies import NAMES, endings_of, with_ending

LONGEST = 40
"""Statements of a generated program; most have far fewer."""

_EVERYDAY = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, 0.1, 0.9, 0.999, 1e-8)
_EDGES = (
    *(1.1754943508222875e-38, 1.401298464324817e-45, 3.4028234663852886e38),
    *(1e-30, 1e30, 1e-20, 1e20, 16777216.0, 88.72283, 1.0000001192092896),
)

Rows = Sequence[Function]

ROWS: Rows = tuple(FUNCTIONS[name] for name in SETS["lion"])
"""The functions that most programs are made of: those that the machine has."""

MATRIX_ROWS: Rows = (*ROWS, *2 * [FUNCTIONS[name] for name in SETS["matrix"]])
"""Those of the others, the functions of matrices twice."""

MATRIX_EVERY = 10
"""A program of so many has matrices: they are run operation by operation, slowly."""


def random_of(kind: int, seed: int, number: int) -> Random:
    """The random state of input `number` of a kind; a text would seed slower."""
    return Random((seed << 48) + (number << 8) + kind)


def program_of(seed: int, number: int) -> Program:
    """Program `number` of a seed."""
    random = random_of(1, seed, number)
    with_matrices = number % MATRIX_EVERY == MATRIX_EVERY - 1
    rows = MATRIX_ROWS if with_matrices else ROWS
    if random.random() < 0.5:
        if with_matrices:
            return draw_matrix_program(random)
        return draw_program(random)
    program = random.choice(_library(with_matrices))
    names = tuple(row.name for row in rows)
    for _ in range(random.randrange(1, 40)):
        program = mutate(program, random, Odds(), LONGEST, names).program
    return program


def draw_program(
    random: Random,
    rows: Rows = ROWS,
    longest: int = LONGEST,
    shapes: Sequence[Type] = (Type.TREE,),
) -> Program:
    """A program of any header and calls of `rows`, often with dead code."""
    names = random.sample(NAMES, 3 + random.randrange(4))
    *trees, learning_rate = names
    step = random.choice((None, "step"))
    kinds = [Type.TREE, Type.TREE, *(random.choice(shapes) for _ in trees[2:])]
    scope = dict(zip(trees, kinds, strict=True)) | {learning_rate: Type.SCALAR}
    if step is not None:
        scope[step] = Type.SCALAR
    statements = []
    for _ in range(int(1 + longest * random.random() ** 2.5) - random.randrange(2)):
        statements.append(_statement(random, scope, rows, kinds))
    held = [_of_types(scope, (kind,)) for kind in kinds[1:]]
    return Program(
        trees[0],
        trees[1],
        tuple(trees[2:]),
        learning_rate,
        step,
        tuple(statements),
        tuple(_recent(random, fitting) for fitting in held),
        shapes_of(kinds[2:]),
    )


def draw_matrix_program(random: Random, longest: int = LONGEST) -> Program:
    """A program of matrices, its states of any shape.

    Often its last statement makes the update, of a value of another shape.
    """
    program = draw_program(random, MATRIX_ROWS, longest, SHAPED)
    endings = endings_of(program)
    if not endings or random.random() < 0.3:
        return program
    return with_ending(program, random.choice(endings))


def draw_call(
    random: Random, scope: dict[str, Type], rows: Rows
) -> tuple[Function, tuple[Argument, ...], Type]:
    """A function with arguments in scope that it accepts, and its result's type."""
    arities = _by_arity(tuple(rows))
    while True:
        row = random.choice(random.choice(arities))
        arguments: list[Argument] = []
        for parameter in row.parameters:
            fitting = _of_types(scope, parameter.accepts)
            is_scalar = Type.SCALAR in parameter.accepts
            if is_scalar and (not fitting or random.random() < 0.3):
                arguments.append(Constant(draw_constant(random)))
            elif fitting:
                arguments.append(Variable(_recent(random, fitting)))
        if len(arguments) < len(row.parameters):
            continue
        kinds = [kind_of(each, scope) for each in arguments]
        result = result_type(row, kinds)
        if result is not None:
            return row, tuple(arguments), result


def kind_of(argument: Argument, scope: dict[str, Type]) -> Type:
    """An argument's type."""
    return Type(scope[argument.name]) if isinstance(argument, Variable) else Type.SCALAR


def draw_constant(random: Random) -> float:
    """Finite float32 numbers of every size, most of them of everyday sizes."""
    point = random.random()
    if point < 0.4:
        return nearest_float32(random.choice(_EVERYDAY))
    if point < 0.8:
        return nearest_float32(random.gauss(0.0, 1.0) * 10.0 ** random.uniform(-3, 1))
    if point < 0.9:
        return nearest_float32(random.choice((-1.0, 1.0)) * random.choice(_EDGES))
    value = math.inf
    while not math.isfinite(value):
        (value,) = struct.unpack("<f", random.randbytes(4))
    return float(value)


def _statement(
    random: Random, scope: dict[str, Type], rows: Rows, needed: Sequence[Type]
) -> Statement:
    """A statement that fits the scope; its target becomes the scope's last name.

    The outputs need a value of each type in `needed`: the last one of it is kept.
    """
    row, arguments, result = draw_call(random, scope, rows)
    targets = list(scope) if random.random() < 0.5 else NAMES
    target = random.choice(targets)
    while (
        (old := scope.get(target)) in needed
        and result is not old
        and _of_types(scope, (old,)) == [target]
    ):
        target = random.choice(NAMES)
    scope.pop(target, None)
    scope[target] = result
    return Statement(target, row.name, arguments)


def _of_types(scope: dict[str, Type], wanted: Iterable[Type]) -> list[str]:
    """Names in the order of their storing, but Trees last."""
    accepted = set(wanted)
    names = [name for name, kind in scope.items() if kind in accepted]
    return sorted(names, key=lambda name: scope[name] is Type.TREE)


def _recent(random: Random, names: list[str]) -> str:
    """Mostly the last one, so that much of a program is alive."""
    return names[-1] if random.random() < 0.6 else random.choice(names)


@lru_cache(maxsize=8)
def _by_arity(rows: tuple[Function, ...]) -> list[list[Function]]:
    """Rows by how many arguments they take, those that bind values together thrice.

    Most functions have one argument: drawn evenly, they would make chains.
    """
    arities = {len(row.parameters) for row in rows}
    groups = [[row for row in rows if len(row.parameters) == n] for n in arities]
    return [
        group for group in groups for _ in range(3 if group[0].parameters[1:] else 1)
    ]


@lru_cache(maxsize=2)
def _library(with_matrices: bool) -> tuple[Program, ...]:
    programs = (parse(read_program(name)) for name in program_names())
    return tuple(each for each in programs if uses_matrices(each) == with_matrices)
