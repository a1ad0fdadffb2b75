"""A program that breeds with what is known of it, which a child mostly inherits.

Most statements of an evolved program are dead, so most mutations touch nothing that can
reach the update. Then the child's live part, and so its digest, are its parent's, which
is seen without pruning or digesting it.
"""

from __future__ import annotations

from typing import NamedTuple

from dsl.digest import digest_of_pruned
from dsl.program import Program
from dsl.prune import prune_with_flags
from evosearch.mutate import DELETE, INSERT, Child


class Genome(NamedTuple):
    """A valid program and its live part.

    Attributes:
        program: what breeds, dead statements and all.
        alive: for each statement a number: 0 if it is dead.
        pruned: what is trained.
        digest: of the pruned program.
    """

    program: Program
    alive: tuple[int, ...]
    pruned: Program
    digest: str


def genome_of(program: Program) -> Genome:
    """Prune and digest a program."""
    pruned, alive = prune_with_flags(program)
    return Genome(program, alive, pruned, digest_of_pruned(pruned))


def inherit(parent: Genome, child: Child) -> Genome:
    """The genome of a mutated child: `genome_of(child.program)`, found faster."""
    alive, place, program = parent.alive, child.place, child.program
    if child.mutation == INSERT:
        if _is_read(parent, program.statements[place].target, place):
            return genome_of(program)
        alive = (*alive[:place], 0, *alive[place:])
    elif alive[place]:
        return genome_of(program)
    elif child.mutation == DELETE:
        alive = (*alive[:place], *alive[place + 1 :])
    return Genome(program, alive, parent.pruned, parent.digest)


def _is_read(parent: Genome, name: str, place: int) -> bool:
    """Whether a live statement or output reads what `name` holds before `place`."""
    statements, alive = parent.program.statements, parent.alive
    for index in range(place, len(statements)):
        statement = statements[index]
        if alive[index] and name in statement.reads:
            return True
        if statement.target == name:
            return False
    return name in parent.pruned.outputs
