"""The program without what can never reach its update."""

from __future__ import annotations

from itertools import compress

from dsl.live import live
from dsl.program import Program


def prune(program: Program) -> Program:
    """Drop dead statements and dead states; the updates stay the same, bit for bit.

    Idempotent. Header names and the order of what remains are kept.
    """
    alive = live(program)
    if all(alive.statements) and all(alive.states):
        return program
    return Program(
        program.weights,
        program.gradient,
        tuple(compress(program.states, alive.states)),
        program.learning_rate,
        program.step,
        tuple(compress(program.statements, alive.statements)),
        (program.outputs[0], *compress(program.outputs[1:], alive.states)),
    )
