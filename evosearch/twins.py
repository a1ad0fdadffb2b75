"""Whose trainings a child is judged by: its own, or those of an algebraic twin.

The digest is the first cache key, the fingerprint the second: the first program of a
run with a fingerprint is trained, and every later one that has it, whatever its digest,
is a twin and takes that program's trainings. Who is first goes by the order of making,
which is the same wherever and however often interrupted a run is executed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dsl.digest import digest_of_pruned
from dsl.fingerprint import fingerprint
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.genome import Genome
from evosearch.ledger import Subject
from evosearch.rows import ProgramRow
from evosearch.store import Store


@dataclass(frozen=True, slots=True)
class Identity:
    """What a child is to the cache.

    Attributes:
        genome: of the child.
        fingerprint: of the child; None in a search that goes by digests alone.
        trained: digest of the program whose trainings the child is judged by.
    """

    genome: Genome
    fingerprint: str | None
    trained: str

    @property
    def digest(self) -> str:
        """Digest of the child."""
        return self.genome.digest

    @property
    def twin(self) -> str | None:
        """Digest of the other program whose trainings it takes, if it takes any."""
        return None if self.trained == self.digest else self.trained


class Twins:
    """Finds out what children are to a store and to those in the window before them.

    Args:
        store: of the run.
        by_fingerprint: whether twins are looked for; if not, each program is its own.
    """

    def __init__(self, store: Store, *, by_fingerprint: bool) -> None:
        self._store = store
        self._by_fingerprint = by_fingerprint

    def identify(self, genome: Genome, window: Sequence[Identity]) -> Identity:
        """The identity of the next child; the window holds those before it.

        A fingerprint takes about a millisecond: it is looked up where the digest is
        known, and where it is not, a training is at stake.
        """
        if not self._by_fingerprint:
            return Identity(genome, None, genome.digest)
        known = self._first("digest", genome.digest, window)
        if known is not None:
            return Identity(genome, known.fingerprint, known.twin or known.digest)
        mark = fingerprint(genome.pruned)
        other = self._first("fingerprint", mark, window)
        if other is None:
            return Identity(genome, mark, genome.digest)
        return Identity(genome, mark, other.twin or other.digest)

    def subject(self, identity: Identity, window: Sequence[Identity]) -> Subject:
        """What has to be trained for a child."""
        for each in (identity, *window):
            if each.digest == identity.trained:
                return Subject(each.digest, unparse(each.genome.pruned))
        row = self._store.first("digest", identity.trained)
        assert row is not None, "a twin was made before"
        return subject_of(prune(parse(row.text)))

    def _first(
        self,
        key: Literal["digest", "fingerprint"],
        value: str,
        window: Sequence[Identity],
    ) -> Identity | ProgramRow | None:
        """Who had this digest or fingerprint before; all who had agree in the rest."""
        for identity in window:
            if getattr(identity, key) == value:
                return identity
        return self._store.first(key, value)


def subject_of(pruned: Program) -> Subject:
    """What a ledger needs to train a pruned program."""
    return Subject(digest_of_pruned(pruned), unparse(pruned))
