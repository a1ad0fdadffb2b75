"""A learning rate for programs that read none: an optimizer in use has to have one."""

from __future__ import annotations

from dsl.numbered import FIRST_STATE, Call, Numbered, named, number
from dsl.program import Constant, Program
from dsl.prune import prune


def with_learning_rate(program: Program) -> tuple[Program, bool]:
    """The pruned program, reading its learning rate; and whether it did not before.

    Where the schedule stays at its peak, 1, the program does what it did: the constant
    that its update is multiplied with at the end, 1 if there is none, becomes the rate.
    """
    program = prune(program)
    numbered = number(program)
    rate = FIRST_STATE + len(program.states)
    if any(rate in call.arguments for call in numbered.calls):
        return program, False
    states = numbered.outputs[1:]
    scaled, peak = _last_factor(numbered)
    calls, end = list(numbered.calls), numbered.inputs + len(numbered.calls)
    if peak is not None:
        calls.append(Call("multiply", (rate, peak), program.learning_rate))
        rate, end = end, end + 1
    calls.append(Call("multiply", (scaled, rate), "update"))
    # What made the update before is dead now, unless something else reads it.
    outputs = (end, *states)
    return prune(named(Numbered(program, tuple(calls), outputs))), True


def _last_factor(numbered: Numbered) -> tuple[int, Constant | None]:
    """The update without the constant that it is a multiple of, and that constant."""
    update = numbered.outputs[0]
    if update >= numbered.inputs:
        call = numbered.calls[update - numbered.inputs]
        constants = [a for a in call.arguments if isinstance(a, Constant)]
        others = [a for a in call.arguments if not isinstance(a, Constant)]
        if call.function == "multiply" and len(others) == 1:
            return others[0], constants[0]
    return update, None
