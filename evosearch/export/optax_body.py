"""The lines of an Optax update function that follow from the program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from dsl.program import Constant
from dsl.types import Type
from evosearch.export import document, layout
from evosearch.export.blocks import blocks_of
from evosearch.export.display import display_names, field_names
from evosearch.export.formula import ATOM, SIGN, Text
from evosearch.export.jax_formulas import (
    FORMULAS,
    LEAFWISE_MATRIX,
    MATRIX,
    MATRIX_LEAFWISE,
    WITHOUT_MATRIX,
)
from evosearch.export.naming import LEARNING_RATE
from evosearch.export.nesting import Node, nest, states_last
from evosearch.export.trace import Parameter, Step, Trace, Value

_TAKEN = frozenset(
    [
        "jax",
        "jnp",
        "optax",
        "math",
        "params",
        "updates",
        "state",
        "init",
        "count",
        "dtype",
        "shape",
        "init_fn",
        "update_fn",
        "update_array",
        "new_updates",
        "float",
        "callable",
        "cast",
        "partial",
        "Any",
        "Callable",
        "NamedTuple",
        "EPSILON",
        "ValueError",
        "tuple",
        "functools",
        "spec",
    ]
)
_INDENT = 8
_DEEPEST = 4


class OptaxBody:
    """The lines of `update_fn` that follow from the program."""

    def __init__(self, found: Trace, name: str) -> None:
        self._trace = found
        self._state_class = f"{document.class_name(name)}State"
        reads = found.reads()
        self._estimates = _Names()
        self._blocks = [
            (
                nest(block.numbers, reads, self._fits),
                states_last(
                    nest(block.arrays, reads, self._fits, self._is_output), found
                ),
            )
            for block in blocks_of(found)
        ]
        made = [
            (list(node.reads()), node.step.result)
            for numbers, arrays in self._blocks
            for node in (*numbers, *arrays)
        ]
        counts = [] if found.count is None else [found.count]
        given = [found.weights, found.gradient, *found.states, found.rate, *counts]
        taken = _TAKEN | {each.name for each in found.parameters} | {name}
        # The last function asks the weights for their shape, whoever else reads them.
        last = (*found.outputs, *([found.weights] if found.matrices else []))
        self._names = display_names(given, made, last, taken)

    def lines(self) -> list[str]:
        found, lines = self._trace, []
        if found.reads_rate():
            rate = self._names[found.rate.number]
            space = " " * _INDENT
            lines += [
                f"{space}if callable({LEARNING_RATE}):",
                f"{space}    {rate} = jnp.asarray({LEARNING_RATE}(state.count))",
                f"{space}else:",
                f"{space}    {rate} = jnp.asarray({LEARNING_RATE})",
            ]
        if found.count is not None and found.reads_count():
            name = self._names[found.count.number]
            # Of JAX's own float type, whatever that is set to.
            lines.append(f"{' ' * _INDENT}{name} = (state.count + 1).astype(float)")
        trees = {found.weights.number: "params", found.gradient.number: "updates"}
        for field, state in zip(field_names(found), found.states, strict=True):
            trees[state.number] = f"state.{field}"
        for place, (numbers, arrays) in enumerate(self._blocks):
            for node in numbers:
                target = self._names[node.step.result.number]
                text = self._text(node, self._named | trees).text
                lines += layout.assignment(target, text, _INDENT)
            last = place == len(self._blocks) - 1
            lines += self._array_lines(arrays, place, trees, last)
        kept = ", ".join(["optax.safe_increment(state.count)", *self._new_states()])
        parts = ["new_updates", f"{self._state_class}({kept})"]
        return [*lines, *layout.returned(parts, _INDENT)]

    @property
    def _named(self) -> dict[int, str]:
        return self._names

    def _array_lines(
        self, nodes: Sequence[Node], place: int, trees: dict[int, str], last: bool
    ) -> list[str]:
        """A function of one array, and its application to all of them."""
        outputs = list(self._trace.outputs) if last else self._read_later(place)
        if not outputs:
            return []
        made = {node.step.result.number for node in nodes}
        inner = [each for node in nodes for each in node.reads()]
        inputs = _distinct(
            each
            for each in (*inner, *outputs)
            if not each.is_scalar and each.number not in _inside(nodes) | made
        )
        if last and self._trace.matrices and self._trace.weights not in inputs:
            inputs.append(self._trace.weights)
        # Trees of the header first, in its order.
        inputs.sort(key=lambda each: each.number)
        function = "update_array" if last else f"prepare_array_{place + 1}"
        if not last and len(self._blocks) == 2:
            function = "prepare_array"
        lines = self._function(function, inputs, nodes, outputs, last)
        given = [trees.get(each.number, self._names[each.number]) for each in inputs]
        if len(outputs) == 1:
            call = f"jax.tree.map({', '.join([function, *given])})"
        else:
            call = f"_map_arrays({', '.join([function, str(len(outputs)), *given])})"
        if last:
            targets = ["new_updates", *self._new_states()]
        else:
            targets = [self._names[each.number] for each in outputs]
        return [*lines, "", *layout.assignment(", ".join(targets), call, _INDENT)]

    def _new_states(self) -> list[str]:
        return [f"new_{field}" for field in field_names(self._trace)]

    def _function(
        self,
        name: str,
        inputs: Sequence[Value],
        nodes: Sequence[Node],
        outputs: Sequence[Value],
        last: bool,
    ) -> list[str]:
        names, found = self._names, self._trace
        arguments = [f"{names[each.number]}: jax.Array" for each in inputs]
        inside = " " * (_INDENT + 4)
        result = "tuple[jax.Array, ...]" if len(outputs) > 1 else "jax.Array"
        lines = ["", *layout.signature(name, arguments, result, _INDENT)]
        source = names[inputs[0].number]
        headers = (found.weights, found.gradient, *found.states)
        if found.matrices:
            trees = [x for x in inputs if x in headers and x.kind is Type.TREE]
            if last:
                lines.append(f"{inside}shape = {names[found.weights.number]}.shape")
            for each in trees:
                own = names[each.number]
                lines.append(f"{inside}{own} = _as_matrix({own})")
        if last:
            lines.append(f"{inside}dtype = {source}.dtype")
        for node in nodes:
            target = names[node.step.result.number]
            text = self._text(node, names).text
            lines += layout.assignment(target, text, _INDENT + 4)
        if not last:
            shown = [names[each.number] for each in outputs]
            return lines + layout.returned(shown, _INDENT + 4)
        shown = [self._returned(n, each) for n, each in enumerate(outputs)]
        return lines + layout.returned(shown, _INDENT + 4)

    def _returned(self, place: int, value: Value) -> str:
        """An output in the shape and of the type of the weights."""
        text = self._names[value.number]
        text = f"(-{text})" if place == 0 else text
        if self._trace.matrices and value.kind is Type.TREE:
            text = f"{text}.reshape(shape)"
        return f"{text}.astype(dtype)"

    def _read_later(self, place: int) -> list[Value]:
        """Values of arrays that are made up to a block and read after it."""
        later = [
            each
            for numbers, arrays in self._blocks[place + 1 :]
            for node in (*numbers, *arrays)
            for each in node.reads()
        ]
        wanted = {each.number for each in (*later, *self._trace.outputs)}
        _, arrays = self._blocks[place]
        return [
            node.step.result for node in arrays if node.step.result.number in wanted
        ]

    def _is_output(self, value: Value) -> bool:
        return value in self._trace.outputs

    def _fits(self, node: Node) -> bool:
        text = self._text(node, self._estimates).text
        room = layout.WIDTH - _INDENT - 4 - len(node.step.result.name) - 10
        return len(text) <= room and node.depth() <= _DEEPEST

    def _text(self, node: Node, names: Mapping[int, str]) -> Text:
        step = node.step
        of = partial(self._operand, step, names)
        texts = [of(place, each) for place, each in enumerate(node.operands)]
        plain = not any(isinstance(each, Value) for each in step.operands)
        if plain and texts:
            # Python would raise where a number is not finite.
            texts = [Text(f"jnp.asarray({each.text})") for each in texts]
        text = FORMULAS[step.function].of(texts)
        if plain and not texts:
            return Text(f"jnp.asarray({text.text})")
        if _is_matrix_call(step) and step.result.kind is Type.LEAFWISE:
            return MATRIX_LEAFWISE.of([text])
        return text

    def _operand(
        self,
        step: Step,
        names: Mapping[int, str],
        place: int,
        operand: Node | Value | Parameter | Constant,
    ) -> Text:
        if isinstance(operand, Parameter):
            return Text(operand.name)
        if isinstance(operand, Constant):
            text = document.number(operand.value)
            return Text(text, SIGN if text.startswith("-") else ATOM)
        if isinstance(operand, Node):
            shown, kind = self._text(operand, names), operand.step.result.kind
        else:
            known = names[operand.number]
            shown, kind = Text(known or operand.name), operand.kind
        if _is_matrix_call(step) and kind is Type.LEAFWISE:
            return LEAFWISE_MATRIX.of([shown])
        return shown


class _Names(dict[int, str]):
    """Names before there are any: a value's own, which its text then has."""

    def __missing__(self, number: int) -> str:
        return ""


def _is_matrix_call(step: Step) -> bool:
    return step.function in MATRIX and step.function not in WITHOUT_MATRIX


def _inside(nodes: Sequence[Node]) -> set[int]:
    """Values that are made inside others."""
    found: set[int] = set()
    for node in nodes:
        parts = [each for each in node.operands if isinstance(each, Node)]
        found |= {each.step.result.number for each in parts} | _inside(parts)
    return found


def _distinct(values: Iterable[Value]) -> list[Value]:
    return list(dict.fromkeys(values))
