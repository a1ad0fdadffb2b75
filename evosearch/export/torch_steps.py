"""The lines of a PyTorch step: lists of tensors, written over where nobody minds."""

from __future__ import annotations

from collections.abc import Iterable

from dsl.functions import FUNCTIONS
from dsl.types import Type
from evosearch.export import layout
from evosearch.export.formula import PRODUCT, SUM, Text
from evosearch.export.torch_buffers import Buffers
from evosearch.export.torch_formulas import (
    FORMULAS,
    OF_TWO,
    ONE_AFTER_THE_OTHER,
    SWAPPED,
    VIEWS,
)
from evosearch.export.torch_fusion import (
    is_list,
    is_list_of,
    split_product,
    written_inside,
)
from evosearch.export.torch_numbers import Numbers
from evosearch.export.trace import Operand, Step, Trace, Value, is_reduction

INDENT = 8
_LETTERS = ("x", "y", "z")


class TorchSteps:
    """Writes step after step; `lines` holds what was written."""

    def __init__(self, found: Trace, buffers: Buffers, numbers: Numbers) -> None:
        self.lines: list[str] = []
        self._trace = found
        self._buffers = buffers
        self._numbers = numbers
        self._reads = found.reads()
        self._place = 0
        self.inside = written_inside(found)
        """Products and squares that the step which reads them does itself."""

    def write(self) -> None:
        """Write all steps."""
        for place, step in enumerate(self._trace.steps):
            self._place = place
            if step.result.number in self.inside:
                continue
            if step.result.is_scalar:
                self._write_number(step)
            else:
                self._write_list(step)

    def call(self, text: str) -> None:
        """A call for what it does."""
        self.lines += layout.expression(text, INDENT)

    def assign(self, value: Value, text: str) -> str:
        """A new list or number for a value; gives its name."""
        name = self._buffers.new(value)
        self.lines += layout.assignment(name, text, INDENT)
        return name

    def _write_number(self, step: Step) -> None:
        if is_reduction(step.function):
            texts = [Text(self._shown(each)) for each in step.operands]
            text = FORMULAS[step.function].of(texts)
            self._numbers.tensors.add(step.result.number)
        else:
            text = self._numbers.of(step)
        once = self._reads[step.result.number] == 1
        name = self._numbers.keep(
            step.result, text, once, lambda: self._buffers.new(step.result)
        )
        if name:
            self.lines += layout.assignment(name, text.text, INDENT)

    def _write_list(self, step: Step) -> None:
        function = step.function
        lists = [each for each in step.operands if is_list(each)]
        if function in ONE_AFTER_THE_OTHER:
            self._one(step, ONE_AFTER_THE_OTHER[function])
        elif function == "square":
            self._over(step, step.operands[0], "mul", self._shown(step.operands[0]))
        elif function == "reciprocal":
            name = self._over(step, step.operands[0], "add", "EPSILON")
            self.call(f"torch._foreach_reciprocal_({name})")
        elif function == "interpolate" and len(lists) == 2 and self._number_last(step):
            self._interpolate(step)
        elif function == "divide" and lists[0] is step.operands[0]:
            self._divide(step)
        elif function in ("add", "subtract") and self._scaled(step):
            self._add_scaled(step)
        elif function in OF_TWO and (is_list(step.operands[0]) or function in SWAPPED):
            self._two(step)
        elif function == "norm":
            self.assign(step.result, f"torch._foreach_norm({self._shown(lists[0])})")
        else:
            self._each(step)

    def _one(self, step: Step, calls: Iterable[str]) -> None:
        """One function of a list after the other, the first into a new list maybe."""
        first, *rest = calls
        name = self._over(step, step.operands[0], first)
        for each in rest:
            self.call(f"torch._foreach_{each}_({name})")

    def _over(self, step: Step, operand: Operand, call: str, *others: str) -> str:
        """A call that writes over its first operand if it may; gives the list."""
        assert isinstance(operand, Value)
        old = self._shown(operand)
        name = self._buffers.over(operand, step.result, self._place)
        if name is not None:
            self.call(f"torch._foreach_{call}_({', '.join([name, *others])})")
            return name
        arguments = ", ".join([old, *others])
        return self.assign(step.result, f"torch._foreach_{call}({arguments})")

    def _two(self, step: Step) -> None:
        x, y = step.operands
        swaps = step.function in SWAPPED
        may = is_list(y) and swaps and not self._free(x, step)
        if not is_list(x) or (may and self._free(y, step)):
            x, y = y, x
        self._over(step, x, OF_TWO[step.function], self._shown(y))

    def _free(self, operand: Operand, step: Step) -> bool:
        """Whether the list of an operand may be written over."""
        if not is_list(operand) or step.operands.count(operand) > 1:
            return False
        if self._is_inside(operand):  # it has no list
            return False
        assert isinstance(operand, Value)
        buffers = self._buffers
        before = dict(buffers.found)
        free = buffers.over(operand, step.result, self._place) is not None
        buffers.found = before
        return free

    def _divide(self, step: Step) -> None:
        x, y = step.operands
        assert isinstance(x, Value)
        if not is_list(y):
            text = self._numbers.text(y, rounded=True)
            self._over(step, x, "div", f"{_bracketed(text, SUM)} + EPSILON")
            return
        assert isinstance(y, Value)
        name = self._denominator(y, may=x != y)
        self._over(step, x, "div", name)

    def _denominator(self, y: Value, may: bool) -> str:
        """The list y + EPSILON: y itself where it may be, and nobody else reads it."""
        name = self._buffers.over(y, y, self._place) if may else None
        if name is not None:
            self.call(f"torch._foreach_add_({name}, EPSILON)")
            return name
        made = Value(-1 - self._place, f"{y.name}_eps", y.kind)
        return self.assign(made, f"torch._foreach_add({self._shown(y)}, EPSILON)")

    def _interpolate(self, step: Step) -> None:
        x, y, a = step.operands
        whole = [is_list_of(each, step.result.kind) for each in (x, y)]
        if x == y or not any(whole):
            self._each(step)
            return
        share = _bracketed(self._numbers.text(a, rounded=True), PRODUCT)
        rest = f"1 - {share}"
        free = self._free(y, step) or not self._free(x, step)
        # What the other is added to is as large as the result.
        if not whole[0] or (whole[1] and free):
            name = self._over(step, y, "mul", share)
            self._add(name, x, rest)
        else:
            name = self._over(step, x, "mul", rest)
            self._add(name, y, share)

    def _add(self, name: str, operand: Operand, factor: str) -> None:
        """Add a list times a number; the square of a list is made on the way."""
        if self._is_inside(operand):
            assert isinstance(operand, Value)
            shown = self._shown(self.inside[operand.number].operands[0])
            self.call(f"torch._foreach_addcmul_({name}, {shown}, {shown}, {factor})")
        else:
            shown = self._shown(operand)
            self.call(f"torch._foreach_add_({name}, {shown}, alpha={factor})")

    def _scaled(self, step: Step) -> bool:
        """Whether one operand is a product that is written inside."""
        return any(map(self._is_inside, step.operands))

    def _add_scaled(self, step: Step) -> None:
        x, y = step.operands
        call = OF_TWO[step.function]
        if step.function == "add" and self._is_inside(x):
            x, y = y, x
        if self._is_inside(x):  # both are: one of them is done first
            x = self._product(x)
        assert isinstance(y, Value)
        scaled, factor = split_product(self.inside[y.number])
        text = self._numbers.text(factor).text
        if (
            step.function == "add"
            and self._free(scaled, step)
            and not self._free(x, step)
        ):
            name = self._over(step, scaled, "mul", text)
            self.call(f"torch._foreach_add_({name}, {self._shown(x)})")
        else:
            self._over(step, x, call, self._shown(scaled), f"alpha={text}")

    def _product(self, operand: Operand) -> Value:
        """A product on a line of its own after all."""
        assert isinstance(operand, Value)
        step = self.inside.pop(operand.number)
        self._two(step)
        return operand

    def _each(self, step: Step) -> None:
        """A function of single tensors, for all of them."""
        lists = [each for each in step.operands if is_list(each)]
        letters = dict(zip(dict.fromkeys(lists), _LETTERS, strict=False))
        row = FUNCTIONS[step.function]
        reshaped = row.matrices
        texts = []
        for each in step.operands:
            if not is_list(each):
                texts.append(self._numbers.text(each, rounded=True))
                continue
            assert isinstance(each, Value)
            one = reshaped and each.kind is Type.LEAFWISE
            texts.append(Text(letters[each] + (".reshape(1, 1)" if one else "")))
        text = FORMULAS[step.function].of(texts).text
        counts = step.function in ("row_count", "col_count")
        if reshaped and step.result.kind is Type.LEAFWISE and not counts:
            text = f"({text}).reshape(())" if " " in text else f"{text}.reshape(())"
        names = [self._shown(each) for each in letters]
        variables = ", ".join(letters.values())
        source = (
            names[0] if len(names) == 1 else f"zip({', '.join(names)}, strict=True)"
        )
        if step.function in VIEWS:
            (of,) = step.operands
            assert isinstance(of, Value)
            name = self._buffers.view(step.result, of)
        else:
            name = self._buffers.new(step.result)
        loop = f"for {variables} in {source}"
        self.lines += layout.comprehension(name, text, loop, INDENT)

    def _shown(self, operand: Operand) -> str:
        if is_list(operand):
            assert isinstance(operand, Value)
            return self._buffers.name(operand)
        return self._numbers.text(operand).text

    def _is_inside(self, operand: Operand) -> bool:
        return isinstance(operand, Value) and operand.number in self.inside

    def _number_last(self, step: Step) -> bool:
        return not self._numbers.is_tensor(step.operands[2])


def _bracketed(text: Text, need: int) -> str:
    return text.text if text.strength >= need else f"({text.text})"
