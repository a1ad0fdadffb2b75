"""Abstract execution: a program run on the types of its values, to find its faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from dsl.errors import Wording, error_at
from dsl.faults import (
    MAX_STATEMENTS,
    Fault,
    Reason,
    argument_type,
    arity,
    constant,
    duplicate_parameter,
    invalid_name,
    length,
    misplaced_step,
    output_count,
    output_type,
    shape,
    shapes,
    unbound,
    unknown_function,
)
from dsl.float32 import constant_text, is_finite_float32
from dsl.functions import FUNCTIONS, ByName
from dsl.names import are_names, is_name
from dsl.program import (
    CONSTANT_READ,
    Argument,
    Program,
    Statement,
    Variable,
    header,
    shapes_of,
    state_types,
)
from dsl.rows import Function, result_types
from dsl.state_shapes import or_shapes
from dsl.types import SHAPED, Type
from dsl.unparse import argument_text, place_in_text, unparse

__all__ = [
    "Fault",
    "Reason",
    "check",
    "find_fault",
    "find_fault_from",
    "infer_types",
    "result_of",
    "types_in_scope",
]

_TREE, _SCALAR = int(Type.TREE), int(Type.SCALAR)
_STEPS = (None, "step")


def check(program: Program) -> None:
    """Raise the program's first fault, at its line and column in `unparse(program)`.

    Raises:
        DslError: the program is not valid.
    """
    fault = find_fault(program)
    if fault is not None:
        place = place_in_text(program, fault.statement, fault.argument)
        raise error_at(unparse(program), place, fault.message, fault.hint)


def find_fault(program: Program) -> Fault | None:
    """Return the first fault, from top to bottom, or None if the program is valid.

    It takes a few microseconds; a search asks `find_fault_from` where it can.
    """
    types = _header_types(program)
    parameters = len(program.states) + (3 if program.step is None else 4)
    if (  # the grammar knows the step count by its name alone
        len(types) != parameters
        or program.step not in _STEPS
        or ("step" in types) != (program.step is not None)
        or (program.shapes and not _are_shapes(program))
    ):
        return _header_fault(program)
    if len(program.statements) > MAX_STATEMENTS:
        return _length_fault(program)
    fault = find_fault_from(program, 0, types)
    if fault is None and not are_names(types.keys()):
        return _name_fault(program)
    return fault


def find_fault_from(
    program: Program, place: int, types: dict[str, int]
) -> Fault | None:
    """The first fault of the statements from `place` on, and of the return.

    Up to there the program must be valid, and `types` those of the variables in scope
    there; it becomes the types of all.
    """
    index = place + _assign(program.statements[place:], types)
    if index < len(program.statements):
        return _statement_fault(program, index, types)
    wanted = program.shapes or (_TREE,) * len(program.states)
    if tuple(map(types.get, program.outputs)) != (_TREE, *wanted):
        return _output_fault(program, types)
    return None


def infer_types(program: Program) -> tuple[Type, ...]:
    """Return the type of each statement's value; the program must be valid."""
    types, found = _header_types(program), []
    for statement in program.statements:
        _assign((statement,), types)
        found.append(Type(types[statement.target]))
    return tuple(found)


def types_in_scope(program: Program, place: int) -> dict[str, int]:
    """Return the types of the variables that a statement put at `place` could read.

    In the order in which they were first bound; the program must be valid.
    """
    types = _header_types(program)
    _assign(program.statements[:place], types)
    return types


def result_of(statement: Statement, types: dict[str, int]) -> int | None:
    """The type of a call's value, of variables of these types; None if it is wrong."""
    code = 1
    try:
        for name in statement.reads:
            code = 10 * code + (_SCALAR if name is CONSTANT_READ else types[name])
        return _results[statement.function][code]
    except KeyError:
        return None


def _assign(statements: Sequence[Statement], types: dict[str, int]) -> int:
    """Put the types of values into `types`; count the statements before a wrong one."""
    # A constant reads as a Scalar, a bad one as a name that nothing is stored in; so
    # that one lookup an argument finds every fault.
    types[CONSTANT_READ] = _SCALAR
    count = 0
    try:
        for count, statement in enumerate(statements):  # noqa: B007
            code = 1
            for name in statement.reads:
                code = 10 * code + types[name]
            types[statement.target] = _results[statement.function][code]
    except KeyError:
        return count
    finally:
        del types[CONSTANT_READ]
    return len(statements)


def _results_of(row: Function) -> dict[int, int]:
    """The type of a function's value for every combination of types that it takes.

    A combination is coded as a decimal number, a digit for each argument after a
    leading 1, so that one lookup checks the number and the types of the arguments.
    """
    results = {}
    for types, result in result_types(row).items():
        code = 1
        for each in types:
            code = 10 * code + each
        results[code] = int(result)
    return results


_results = ByName(_results_of)


def _type_of(argument: Argument, types: dict[str, int]) -> int:
    return types[argument.name] if isinstance(argument, Variable) else _SCALAR


def _header_types(program: Program) -> dict[str, int]:
    return _input_types(program[:5], program.shapes).copy()


@lru_cache(maxsize=4096)
def _input_types(names: tuple[Any, ...], shapes: tuple[Type, ...]) -> dict[str, int]:
    """Kept, because a search has one header and the subsets of its states."""
    weights, gradient, states, *scalars = names
    types = dict.fromkeys((weights, gradient, *states), _TREE)
    types.update(zip(states, map(int, shapes), strict=False))
    return types | {name: _SCALAR for name in scalars if name is not None}


def _are_shapes(program: Program) -> bool:
    """Whether `shapes` says something, and that of each state."""
    return (
        len(program.shapes) == len(program.states)
        and set(program.shapes) <= set(SHAPED)
        and shapes_of(program.shapes) == program.shapes
    )


def _header_fault(program: Program) -> Fault:
    """The fault of a header that is known to have one."""
    names = header(program)
    for index, name in enumerate(names):
        if name in names[:index]:
            wording = partial(duplicate_parameter, name)
            return Fault(Reason.HEADER, -1, index, wording)
    if program.shapes and not _are_shapes(program):
        return Fault(Reason.HEADER, -1, None, shapes)
    place = names.index("step") if "step" in names[:-1] else len(names) - 1
    return Fault(Reason.HEADER, -1, place, partial(misplaced_step, names[place]))


def _length_fault(program: Program) -> Fault:
    statements = len(program.statements)
    return Fault(Reason.LENGTH, MAX_STATEMENTS, None, partial(length, statements))


def _statement_fault(program: Program, index: int, types: dict[str, int]) -> Fault:
    """The fault of a statement that is known to have one."""
    statement = program.statements[index]
    row = FUNCTIONS.get(statement.function)
    if row is None:
        wording = partial(unknown_function, statement.function)
        return Fault(Reason.UNKNOWN_FUNCTION, index, None, wording)
    given = len(statement.arguments)
    if given != len(row.parameters):
        return Fault(Reason.ARITY, index, None, partial(arity, row, given))
    for position in range(given):
        fault = _argument_fault(program, index, row, position, types)
        if fault is not None:
            return fault
    texts = [argument_text(argument) for argument in statement.arguments]
    kinds = [Type(_type_of(argument, types)) for argument in statement.arguments]
    wording = partial(shape, row, list(zip(texts, kinds, strict=True)))
    return _type_fault(Reason.SHAPE, program, (index, None), wording)


def _type_fault(
    reason: Reason,
    program: Program,
    place: tuple[int, int | None],
    wording: Callable[[], Wording],
) -> Fault:
    """A fault that another shape of a state may mend."""
    return Fault(reason, *place, partial(or_shapes, program, _is_valid, wording))


def _is_valid(program: Program) -> bool:
    return find_fault(program) is None


def _argument_fault(
    program: Program, index: int, row: Function, position: int, types: dict[str, int]
) -> Fault | None:
    argument = program.statements[index].arguments[position]
    if isinstance(argument, Variable):
        if argument.name not in types:
            wording = partial(unbound, argument.name, types)
            return Fault(Reason.UNBOUND, index, position, wording)
    elif not is_finite_float32(argument.value):
        wording = partial(constant, constant_text(argument.value))
        return Fault(Reason.CONSTANT, index, position, wording)
    actual = Type(_type_of(argument, types))
    if actual in row.parameters[position].accepts:
        return None
    given = (argument_text(argument), actual)
    wording = partial(argument_type, row, position, given, types)
    return _type_fault(Reason.ARGUMENT_TYPE, program, (index, position), wording)


def _output_fault(program: Program, types: dict[str, int]) -> Fault:
    """The fault of a return that is known to have one."""
    line = len(program.statements)
    for index, name in enumerate(program.outputs):
        if name not in types:
            return Fault(Reason.UNBOUND, line, index, partial(unbound, name, types))
    if len(program.outputs) != 1 + len(program.states):
        wording = partial(output_count, program.states, len(program.outputs))
        return Fault(Reason.OUTPUT_COUNT, line, None, wording)
    wanted = (Type.TREE, *state_types(program))
    roles = enumerate(zip(program.outputs, wanted, strict=True))
    index, name = next((i, n) for i, (n, kind) in roles if types[n] != kind)
    role = (program.states, index, wanted[index])
    wording = partial(output_type, role, (name, Type(types[name])), types)
    return _type_fault(Reason.OUTPUT_TYPE, program, (line, index), wording)


def _name_fault(program: Program) -> Fault:
    """The fault of a program that is known to have a wrong name."""
    for index, name in enumerate(header(program)):
        if not is_name(name):
            return Fault(Reason.NAME, -1, index, partial(invalid_name, name))
    targets = enumerate(each.target for each in program.statements)
    index, name = next((i, name) for i, name in targets if not is_name(name))
    return Fault(Reason.NAME, index, None, partial(invalid_name, name))
