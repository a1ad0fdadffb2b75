"""A program as a `torch.optim.Optimizer`: a class, its step over lists of tensors."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.types import DIMENSIONS, Type
from evosearch.export import document, layout
from evosearch.export.formula import Text
from evosearch.export.naming import LEARNING_RATE, WEIGHT_DECAY
from evosearch.export.pieces import pieces_for
from evosearch.export.rendering import render
from evosearch.export.torch_buffers import Buffers
from evosearch.export.torch_fusion import last_reads, split_product
from evosearch.export.torch_names import TAKEN, torch_fields
from evosearch.export.torch_numbers import Numbers
from evosearch.export.torch_steps import INDENT, TorchSteps
from evosearch.export.trace import Parameter, Trace, Value, is_reduction

FUNCTIONS_FILE = "torch_functions.txt"
PARAMS, GRADS = "params", "grads"


@dataclass(frozen=True, slots=True)
class Argument:
    """A keyword argument of the constructor, and the values that it may have.

    Attributes:
        name, value, meaning: as of a parameter.
        condition: Python that is true of a bad value; empty if there is none.
        bounds: the good ones, in words.
    """

    name: str
    value: float
    meaning: str
    condition: str
    bounds: str


def torch_source(found: Trace, name: str) -> str:
    """The module's text; `name` is made that of the class."""
    fields = torch_fields(found)
    names = [PARAMS, GRADS, *fields]
    body = _Body(found, fields)
    lines = body.lines()
    text = "\n".join([*lines, *(_initial(each.kind) for each in found.states)])
    constants, functions = pieces_for(text, FUNCTIONS_FILE)
    everything = "\n".join([text, *functions])
    return render(
        "torch.py.jinja",
        name=document.class_name(name),
        program=document.program_text(found, 4),
        arguments=arguments_of(found),
        fields=[
            (field, "\n".join(layout.entry(field, _initial(state.kind), 12)), state)
            for field, state in zip(fields, found.states, strict=True)
        ],
        lists=names,
        has_rate=found.reads_rate(),
        has_count=found.reads_count(),
        whole_model=any(is_reduction(step.function) for step in found.steps),
        constants=constants,
        functions=functions,
        body="\n".join(lines),
        uses_math="math." in everything,
    )


def arguments_of(found: Trace) -> list[Argument]:
    """The constants, `lr` in the place of the learning rate."""
    named = [
        Parameter("lr", each.value, _lr_meaning(found, each))
        if each.name == LEARNING_RATE
        else each
        for each in found.parameters
    ]
    return [
        Argument(each.name, each.value, each.meaning, *_bounds(each)) for each in named
    ]


def _lr_meaning(found: Trace, rate: Parameter) -> str:
    forms = "the learning rate, which a scheduler may change"
    return document.rate_meaning(forms, rate.value, found.constant_rate)


def _bounds(parameter: Parameter) -> tuple[str, str]:
    """What is asked of a value, if the one that was found is like that too."""
    name, value = parameter.name, parameter.value
    if name[0] == "b" and name[1:].isdigit() and 0.0 <= value < 1.0:
        return f"not 0.0 <= {name} < 1.0", "in [0, 1)"
    positive = name in ("lr", WEIGHT_DECAY, "eps", "momentum")
    if positive and value >= 0.0:
        return f"not {name} >= 0.0", "0 or more"
    return f"not math.isfinite({name})", "finite"


def _initial(kind: Type) -> str:
    if kind is Type.TREE:
        return "torch.zeros_like(p, memory_format=torch.contiguous_format)"
    if kind is Type.LEAFWISE:
        return "p.new_zeros(())"
    return f'_zeros(p, "{"".join(DIMENSIONS[kind])}")'


class _Body:
    """The lines of a group's step that follow from the program."""

    def __init__(self, found: Trace, fields: list[str]) -> None:
        self._trace = found
        self._numbers = Numbers(found)
        parameters = {each.name for each in found.parameters}
        self._buffers = Buffers({}, set(TAKEN | parameters | set(fields)))
        self._steps = TorchSteps(found, self._buffers, self._numbers)
        self._buffers.until = last_reads(found, self._steps.inside)
        self._fields = fields
        self._given()

    def lines(self) -> list[str]:
        """All of them, the constants that are read first."""
        self._steps.write()
        self._store_states()
        self._apply()
        body = self._steps.lines
        return [*self._constants("\n".join(body)), *self._views(), *body]

    def _given(self) -> None:
        found, buffers = self._trace, self._buffers
        views = found.matrices
        buffers.given(found.weights, "weights" if views else PARAMS)
        buffers.given(found.gradient, GRADS)
        for field, state, new in zip(
            self._fields, found.states, found.new_states, strict=True
        ):
            buffers.given(state, field, self._leads_to(new))
        self._numbers.texts[found.rate.number] = Text("lr")
        if found.count is not None:
            self._numbers.texts[found.count.number] = Text("step")

    def _leads_to(self, new: Value) -> set[int]:
        """A new state, and what is read by nothing but the step that makes it."""
        found, reads = self._trace, self._trace.reads()
        made = {step.result.number: step for step in found.steps}
        wanted, numbers = [new], set()
        while wanted:
            value = wanted.pop()
            numbers.add(value.number)
            step = made.get(value.number)
            if step is not None:
                wanted += [
                    each
                    for each in step.operands
                    if isinstance(each, Value) and reads[each.number] == 1
                ]
        return numbers

    def _constants(self, text: str) -> list[str]:
        """Lines that read the group's constants, those rounded that need it."""
        found, space, lines = self._trace, " " * INDENT, []
        if found.reads_rate():
            lines.append(f'{space}lr = float(group["lr"])')
        if found.reads_count():
            lines += [f'{space}group["step"] += 1', f'{space}step = group["step"]']
        for each in found.parameters:
            if each.name == LEARNING_RATE:
                continue
            read = f'group["{each.name}"]'
            if each.name in self._numbers.rounded:
                read = f"_float32({read})"
            lines.append(f"{space}{each.name} = {read}")
        return lines

    def _views(self) -> list[str]:
        """In a program of matrices, lines that make lists of the matrix views."""
        found, lines = self._trace, []
        if not found.matrices:
            return []
        reads = found.reads()
        pairs = [(found.weights, PARAMS), (found.gradient, GRADS)]
        trees = zip(self._fields, found.states, strict=True)
        pairs += [(state, f) for f, state in trees if state.kind is Type.TREE]
        for value, source in pairs:
            if reads[value.number] > 0:
                name = self._buffers_name(value)
                text = f"[_as_matrix(x) for x in {source}]"
                lines += layout.assignment(name, text, INDENT)
        return lines

    def _buffers_name(self, value: Value) -> str:
        return self._buffers.name(value)

    def _store_states(self) -> None:
        """Copy what did not end in its state's own list."""
        found, buffers = self._trace, self._buffers
        copies = []
        for field, new in zip(self._fields, found.new_states, strict=True):
            if buffers.name(new) != field:
                copies.append((field, new))
        targets = {field for field, _ in copies}
        # What is copied, or updates the weights, must not be overwritten by a copy.
        for value in dict.fromkeys([*(new for _, new in copies), *self._applied()]):
            if buffers.memory(value) in targets:
                text = f"torch._foreach_clone({buffers.name(value)})"
                self._steps.assign(value, text)
        for field, new in copies:
            self._steps.call(f"torch._foreach_copy_({field}, {buffers.name(new)})")

    def _applied(self) -> list[Value]:
        """The list that the weights are changed by."""
        update = self._trace.update
        if update.number in self._steps.inside:
            return [split_product(self._steps.inside[update.number])[0]]
        return [update]

    def _apply(self) -> None:
        (applied,) = self._applied()
        update = self._trace.update
        shown = self._buffers.name(applied)
        if self._trace.matrices:
            loop = f"for x, p in zip({shown}, {PARAMS}, strict=True)"
            made = Value(-1, "change", Type.TREE)
            shown = self._buffers.new(made)
            self._steps.lines += layout.comprehension(
                shown, "x.reshape(p.shape)", loop, INDENT
            )
        factor = ""
        if update != applied:
            _, number = split_product(self._steps.inside[update.number])
            factor = f", alpha={self._numbers.text(number).text}"
        self._steps.call(f"torch._foreach_sub_({PARAMS}, {shown}{factor})")
