"""Which products and squares a PyTorch step writes inside the call that adds them."""

from __future__ import annotations

from collections.abc import Iterable

from dsl.types import Type
from evosearch.export.torch_formulas import VIEWS
from evosearch.export.trace import Operand, Step, Trace, Value


def last_reads(found: Trace, inside: dict[int, Step]) -> dict[int, int]:
    """The last step that reads each value; what is written inside reads with it.

    What has a view is read until after the view is: a call that reads both may not
    write over one of them.
    """
    end = len(found.steps)
    until = {value.number: -1 for value in _all_values(found)}
    for place, step in enumerate(found.steps):
        if step.result.number in inside:
            continue
        for each in _with_inside(step.operands, inside):
            until[each.number] = place
    for each in _with_inside(found.outputs, inside):
        until[each.number] = end
    for step in reversed(found.steps):
        if step.function in VIEWS:
            (of,) = step.operands
            assert isinstance(of, Value)
            until[of.number] = max(until[of.number], until[step.result.number] + 1)
    return until


def split_product(step: Step) -> tuple[Value, Operand]:
    """The list and the number of a product of both."""
    x, y = step.operands
    number, listed = (x, y) if not is_list(x) else (y, x)
    assert isinstance(listed, Value)
    return listed, number


def written_inside(found: Trace) -> dict[int, Step]:
    """Steps that their only reader writes itself: products and squares to be added."""
    reads = found.reads()
    made = {step.result.number: step for step in found.steps}
    inside: dict[int, Step] = {}
    for step in found.steps:
        for place, each in enumerate(step.operands):
            own = made.get(each.number) if isinstance(each, Value) else None
            if own is None or reads[own.result.number] != 1:
                continue
            others = [x for n, x in enumerate(step.operands) if n != place]
            if step.function in ("add", "subtract"):
                right = place == 1 or step.function == "add"
                fits = right and _is_scaling(own) and all(map(is_list, others))
                fits = fits and own.result.kind is step.result.kind
            else:
                fits = step.function == "interpolate" and place == 0
                fits = fits and own.function == "square"
                fits = fits and is_list_of(others[0], step.result.kind)
                fits = fits and others[0] not in own.operands
            if fits:
                inside[own.result.number] = own
    last = made.get(found.update.number)
    if last is not None and reads[last.result.number] == 1 and _is_scaling(last):
        inside[last.result.number] = last
    return inside


def _is_scaling(step: Step) -> bool:
    """Whether it is a list times a number."""
    lists = [each for each in step.operands if is_list(each)]
    return step.function == "multiply" and len(lists) == 1


def _with_inside(
    operands: Iterable[Operand], inside: dict[int, Step]
) -> Iterable[Value]:
    for each in operands:
        if isinstance(each, Value):
            yield each
            if each.number in inside:
                yield from _with_inside(inside[each.number].operands, inside)


def _all_values(found: Trace) -> list[Value]:
    counts = [] if found.count is None else [found.count]
    given = [found.weights, found.gradient, *found.states, found.rate, *counts]
    return [*given, *(step.result for step in found.steps)]


def is_list(operand: Operand) -> bool:
    """Whether it is a list of tensors, one for each weight array."""
    return isinstance(operand, Value) and not operand.is_scalar


def is_list_of(operand: Operand, kind: Type) -> bool:
    """Whether it is a list of tensors of a type."""
    return isinstance(operand, Value) and operand.kind is kind and is_list(operand)
