"""What a constant is called in an export: by the part that it has in the program.

The factor of an interpolation is `b1`, `b2`, ...; that of the weights `weight_decay`;
that of the schedule `learning_rate`; a small number that is added `eps`; that of a
state `momentum`; any other `c1`, `c2`, .... Whole numbers from -2 to 2 in other places
belong to the formula and keep their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from dsl.program import Constant
from evosearch.export.trace import Operand, Parameter, Step, Trace, Value

LEARNING_RATE, WEIGHT_DECAY = "learning_rate", "weight_decay"
_WHOLE = (-2.0, -1.0, 0.0, 1.0, 2.0)
_LARGEST_EPS = 1e-3
_TAKEN = frozenset(["count", "params", "updates", "state", LEARNING_RATE])


def name_constants(found: Trace) -> Trace:
    """The trace with parameters for constants, the learning rate the first of them.

    The constant that the schedule's value is multiplied by, where that is all that it
    is read for, is the learning rate: schedule times peak is then one value.
    """
    folded, peak = _fold_rate(found)
    roles = _Roles(folded)
    steps = [replace(step, operands=tuple(roles.of(step))) for step in folded.steps]
    rate = Parameter(LEARNING_RATE, peak, "")
    first = (rate,) if folded.reads_rate() else ()
    return replace(
        folded, steps=tuple(steps), parameters=(*first, *roles.parameters.values())
    )


def _fold_rate(found: Trace) -> tuple[Trace, float]:
    """The trace without the product of rate and constant, and that constant or 1."""
    reads, rate = found.reads(), found.rate
    if reads[rate.number] != 1:
        return found, 1.0
    for step in found.steps:
        constants = [each for each in step.operands if isinstance(each, Constant)]
        others = [each for each in step.operands if isinstance(each, Value)]
        if step.function != "multiply" or rate not in others:
            continue
        if constants:
            return _without(found, step, rate), constants[0].value
        # x * lr, then times a constant.
        return _fold_product(found, step, reads)
    return found, 1.0


def _fold_product(
    found: Trace, product: Step, reads: Counter[int]
) -> tuple[Trace, float]:
    if reads[product.result.number] == 1:
        for step in found.steps:
            constants = [each for each in step.operands if isinstance(each, Constant)]
            if (
                product.result in step.operands
                and step.function == "multiply"
                and constants
            ):
                return _without(found, step, product.result), constants[0].value
    return found, 1.0


def _without(found: Trace, gone: Step, instead: Value) -> Trace:
    """The trace without a step, whose result another value stands for."""

    def new(operand: Operand) -> Operand:
        return instead if operand == gone.result else operand

    def new_value(value: Value) -> Value:
        return instead if value == gone.result else value

    steps = [
        replace(step, operands=tuple(map(new, step.operands)))
        for step in found.steps
        if step is not gone
    ]
    return replace(
        found,
        steps=tuple(steps),
        update=new_value(found.update),
        new_states=tuple(map(new_value, found.new_states)),
    )


class _Roles:
    """Finds the part that each constant has, and gives it a name."""

    def __init__(self, found: Trace) -> None:
        self.parameters: dict[tuple[int, int], Parameter] = {}
        self._trace = found
        self._reads = found.reads()
        values = (found.weights, found.gradient, *found.states, found.rate)
        self._names = _TAKEN | {value.name for value in values}
        self._given: Counter[str] = Counter()
        factors = ((step, 2) for step in found.steps if step.function == "interpolate")
        self._betas: dict[float, Parameter] = {}
        for step, place in factors:
            value = step.operands[place]
            if isinstance(value, Constant):
                said = f"Share of the second in `{step.line}`."
                beta = self._add(step, place, self._numbered("b"), value.value, said)
                self._betas.setdefault(value.value, beta)

    def of(self, step: Step) -> Iterator[Operand]:
        """The operands of a step, parameters in the place of constants."""
        for place, operand in enumerate(step.operands):
            if isinstance(operand, Constant):
                yield self._named(step, place, operand)
            else:
                yield operand

    def _named(self, step: Step, place: int, constant: Constant) -> Operand:
        known = self.parameters.get((step.result.number, place))
        if known is not None:
            return known
        value = constant.value
        if step.function == "power" and place == 0 and value in self._betas:
            return self._betas[value]
        for name, said, fits in self._patterns():
            if fits(step, value) and name not in self._names:
                self._given[name] += 1
                number = self._given[name]
                full = name if number == 1 else f"{name}_{number}"
                return self._add(step, place, full, value, said.format(step.line))
        if value in _WHOLE:
            return constant
        said = f"The constant of `{step.line}`."
        return self._add(step, place, self._numbered("c"), value, said)

    def _patterns(self) -> list[tuple[str, str, Callable[[Step, float], bool]]]:
        return [
            (WEIGHT_DECAY, "Factor of the weights in the update.", self._decays),
            ("momentum", "Share of the old value that `{}` keeps.", self._keeps),
            ("eps", "Added for numerical stability in `{}`.", _is_eps),
        ]

    def _decays(self, step: Step, value: float) -> bool:
        """Whether weights are multiplied by it, or by what it is multiplied by."""
        if step.function != "multiply":
            return False
        weights = self._trace.weights
        if weights in step.operands:
            return True
        return self._reads[step.result.number] == 1 and any(
            later.function == "multiply"
            and step.result in later.operands
            and weights in later.operands
            for later in self._trace.steps
        )

    def _keeps(self, step: Step, value: float) -> bool:
        held = any(state in step.operands for state in self._trace.states)
        return step.function == "multiply" and held

    def _add(
        self, step: Step, place: int, name: str, value: float, said: str
    ) -> Parameter:
        found = Parameter(name, value, said)
        self.parameters[step.result.number, place] = found
        return found

    def _numbered(self, letter: str) -> str:
        while True:
            self._given[letter] += 1
            name = f"{letter}{self._given[letter]}"
            if name not in self._names:
                return name


def _is_eps(step: Step, value: float) -> bool:
    return step.function == "add" and 0.0 < value <= _LARGEST_EPS
