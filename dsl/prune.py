"""The program without what can never reach its update."""

from __future__ import annotations

from itertools import compress

from dsl.live import needs
from dsl.program import Program, shapes_of


def prune(program: Program) -> Program:
    """Drop dead statements and dead states; the updates stay the same, bit for bit.

    Idempotent. Header names and the order of what remains are kept.
    """
    return prune_with_flags(program)[0]


def prune_with_flags(program: Program) -> tuple[Program, tuple[int, ...]]:
    """The pruned program, and for each statement a number: 0 if it is dead."""
    masks, alive = needs(program)
    kept = tuple([mask & alive for mask in masks])
    states, shapes = program.states, program.shapes
    everything = (2 << len(states)) - 1
    if alive == everything and 0 not in kept:
        return program, kept
    outputs = program.outputs
    if alive != everything:
        flags = [alive >> position & 2 for position in range(len(states))]
        states = tuple(compress(states, flags))
        outputs = (outputs[0], *compress(outputs[1:], flags))
        shapes = shapes and shapes_of(tuple(compress(shapes, flags)))
    pruned = Program(
        program.weights,
        program.gradient,
        states,
        program.learning_rate,
        program.step,
        tuple(compress(program.statements, kept)),
        outputs,
        shapes,
    )
    return pruned, kept
