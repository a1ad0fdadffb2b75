"""A new structure at several rates: its update times each of some numbers.

A change of structure rarely keeps the right step size, so a good one, judged at the
size it happens to have, dies young. The number goes into a constant of the program if
one scales its whole update, else into a last statement. The paper has nothing like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dsl.program import Program
from dsl.prune import prune_with_flags
from evosearch.genome import Genome, genome_of
from evosearch.scale import with_rate


class Rated(NamedTuple):
    """A genome whose update is multiplied with a rate."""

    rate: float
    genome: Genome


def at_rates(
    genome: Genome, rates: Sequence[float], most_statements: int
) -> tuple[Rated, ...]:
    """A genome with its update multiplied with each rate, itself among them.

    In the order of the rates, no two of one digest. A rate is left out that needs a
    statement for which there is no room, even in the place of a dead one.

    Args:
        genome: what was bred.
        rates: with 1 among them, which is the genome as it is.
        most_statements: of the longest program.
    """
    found: dict[str, Rated] = {genome.digest: Rated(1.0, genome)}
    for rate in rates:
        other = _at(genome, rate, most_statements)
        if other is not None:
            found.setdefault(other.digest, Rated(rate, other))
    places = {rate: place for place, rate in enumerate(rates)}
    return tuple(sorted(found.values(), key=lambda rated: places[rated.rate]))


def _at(genome: Genome, rate: float, most_statements: int) -> Genome | None:
    program = with_rate(genome.program, rate)
    if len(program.statements) <= most_statements:
        return genome_of(program)
    shorter = _without_last_dead(program)
    return None if shorter is None else genome_of(shorter)


def _without_last_dead(program: Program) -> Program | None:
    """The program without its last dead statement, which no other reads."""
    alive = prune_with_flags(program)[1]
    for place in range(len(alive) - 1, -1, -1):
        if not alive[place]:
            kept = (*program.statements[:place], *program.statements[place + 1 :])
            return program._replace(statements=kept)
    return None
