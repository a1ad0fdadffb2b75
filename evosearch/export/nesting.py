"""Which steps are written inside the step that reads them, and which alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dsl.program import Constant
from evosearch.export.trace import Parameter, Step, Trace, Value


@dataclass(frozen=True, slots=True)
class Node:
    """A step whose operands may be other steps."""

    step: Step
    operands: tuple[Node | Value | Parameter | Constant, ...]

    def reads(self) -> Iterator[Value]:
        """The values that its text names."""
        for each in self.operands:
            if isinstance(each, Node):
                yield from each.reads()
            elif isinstance(each, Value):
                yield each

    def depth(self) -> int:
        """How many steps are inside each other."""
        return 1 + max(
            (each.depth() for each in self.operands if isinstance(each, Node)),
            default=0,
        )


def nest(
    steps: Sequence[Step],
    reads: Mapping[int, int],
    fits: Callable[[Node], bool],
    alone: Callable[[Value], bool] = lambda value: False,
) -> list[Node]:
    """Write steps inside their only reader where the line still fits.

    Args:
        steps: in order; whoever reads their values once may be among them.
        reads: how often each value is read, by its number.
        fits: whether a node may be one line.
        alone: values that get a line, whatever fits.
    """
    readers = {each.number for step in steps for each in _values(step)}
    found: list[Node] = []
    waiting: dict[int, Node] = {}
    for step in steps:
        parts = [
            waiting.pop(each.number, each) if isinstance(each, Value) else each
            for each in step.operands
        ]
        node = Node(step, tuple(parts))
        while not fits(node) and any(isinstance(each, Node) for each in parts):
            place = max(range(len(parts)), key=lambda n: _size(parts[n]))
            apart = parts[place]
            assert isinstance(apart, Node)
            found.append(apart)
            parts[place] = apart.step.result
            node = Node(step, tuple(parts))
        value = step.result
        if reads[value.number] == 1 and value.number in readers and not alone(value):
            waiting[value.number] = node
        else:
            found.append(node)
    return found


def states_last(nodes: Sequence[Node], found: Trace) -> list[Node]:
    """Put each new state after what reads the old one, if nothing there reads the new.

    Both can have one name then.
    """
    order = list(nodes)
    for old, new in zip(found.states, found.new_states, strict=True):
        made = [each.step.result for each in order]
        if new == old or new not in made:
            continue
        first = made.index(new)
        after = [place for place, each in enumerate(order) if old in each.reads()]
        last = max(after, default=first)
        between = order[first + 1 : last + 1]
        if not any(new in each.reads() for each in between):
            order[first : last + 1] = [*between, order[first]]
    return order


def _values(step: Step) -> Iterable[Value]:
    return (each for each in step.operands if isinstance(each, Value))


def _size(part: object) -> int:
    """How many steps an operand is written with."""
    if not isinstance(part, Node):
        return 0
    return 1 + sum(map(_size, part.operands))
