"""Values of the whole model in a PyTorch export: numbers of Python, or tensors.

What follows from the learning rate, the step count and constants is a number; what
follows from a sum over the model is a tensor of no dimension.
"""

from __future__ import annotations

from collections.abc import Callable

from dsl.program import Constant
from evosearch.export.document import number
from evosearch.export.formula import ATOM, SIGN, Formula, Text
from evosearch.export.torch_formulas import FORMULAS, OF_NUMBERS
from evosearch.export.trace import Operand, Parameter, Step, Trace, Value

_LONGEST = 48
_POWER = Formula("{0}**{1}", ATOM, (ATOM, ATOM))


class Numbers:
    """The texts of Scalars, each known once the step that makes it was written."""

    def __init__(self, found: Trace) -> None:
        self._count = found.count
        self.texts: dict[int, Text] = {}
        self.tensors: set[int] = set()
        self.rounded: set[str] = set()
        """Parameters that Python computes with: they are rounded first."""

    def text(self, operand: Operand, rounded: bool = False) -> Text:
        """A number, a Scalar or a parameter; `rounded` if Python computes with it."""
        if isinstance(operand, Parameter):
            if rounded:
                self.rounded.add(operand.name)
            return Text(operand.name)
        if isinstance(operand, Constant):
            shown = number(operand.value)
            return Text(shown, SIGN if shown.startswith("-") else ATOM)
        return self.texts[operand.number]

    def is_tensor(self, operand: Operand) -> bool:
        """Whether it is a tensor of no dimension."""
        return isinstance(operand, Value) and operand.number in self.tensors

    def of(self, step: Step) -> Text:
        """The text of a step of Scalars."""
        texts = [self.text(each, rounded=True) for each in step.operands]
        if any(map(self.is_tensor, step.operands)):
            self.tensors.add(step.result.number)
            return FORMULAS[step.function].of(texts)
        if step.function in OF_NUMBERS:
            return OF_NUMBERS[step.function].of(texts)
        if self._is_plain_power(step):
            return _POWER.of(texts)
        wrapped = [Text(f"_tensor({each.text})") for each in texts]
        return Formula("{0}.item()", ATOM, (ATOM,)).of(
            [FORMULAS[step.function].of(wrapped)]
        )

    def keep(
        self, value: Value, text: Text, once: bool, name: Callable[[], str]
    ) -> str:
        """Remember a step's text; gives the name of a variable if it needs one."""
        short = len(text.text) <= _LONGEST and not text.text.endswith(".item()")
        if once and short and value.number not in self.tensors:
            self.texts[value.number] = text
            return ""
        found = name()
        self.texts[value.number] = Text(found)
        return found

    def _is_plain_power(self, step: Step) -> bool:
        """Whether it is like `b1**step`, which Python's power can do."""
        if step.function != "power":
            return False
        base, exponent = step.operands
        if exponent == self._count:
            return isinstance(base, Parameter) and 0.0 < base.value <= 1.0
        small = isinstance(exponent, Parameter) and abs(exponent.value) <= 10.0
        return base == self._count and small
