"""Which engine trains a program: the virtual machine where it can, else XLA alone."""

from __future__ import annotations

from typing import Final

from dsl.interpret import uses_matrices
from dsl.program import Program
from dsl.prune import prune

AUTO: Final = "auto"
MACHINE: Final = "machine"
COMPILED: Final = "compiled"


def engine_for(program: Program, asked: str = AUTO) -> str:
    """`machine`, or `compiled` if that is asked for or the live part uses matrices.

    It depends on the program and the config alone.

    Args:
        program: a valid one.
        asked: the `engine` of the task's config; `auto`, where nothing was timed, is
            `machine`.
    """
    if asked == COMPILED or uses_matrices(prune(program)):
        return COMPILED
    return MACHINE
