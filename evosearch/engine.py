"""Which engine trains a program: the virtual machine where it can, else XLA alone."""

from __future__ import annotations

from dsl.interpret import uses_matrices
from dsl.program import Program
from dsl.prune import prune

MACHINE, COMPILED = "machine", "compiled"


def engine_for(program: Program) -> str:
    """`machine`, or `compiled` if the live part of a program uses matrices.

    It depends on the program alone, so a trajectory does not depend on the choice.
    """
    return COMPILED if uses_matrices(prune(program)) else MACHINE
