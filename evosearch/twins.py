"""Whose trainings a child is judged by: its own, or those of an algebraic twin.

The digest is the first cache key, the fingerprint the second: the first program of a
run with a fingerprint is trained, and every later one that has it, whatever its digest,
is a twin and takes that program's trainings. Who is first goes by the order of making,
which is the same wherever and however often interrupted a run is executed.

A child of a new structure may be trained at several rates, and which of the programs
enters is known when it is settled: until then it is nobody's twin, and only its
structure is known to those after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dsl.digest import digest_of_pruned
from dsl.fingerprint import fingerprint
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.structure import structure
from dsl.unparse import unparse
from evosearch.genome import Genome
from evosearch.ledger import Subject
from evosearch.population import Member
from evosearch.rows import ProgramRow
from evosearch.store import Store

_Key = Literal["digest", "fingerprint", "structure"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a child is to the cache.

    Attributes:
        genome: of the child.
        fingerprint: of the child; None in a search that goes by digests alone.
        trained: digest of the program whose trainings the child is judged by.
        structure: of the child; None in a search that does not ask for it.
        is_new: whether no child before it has this structure.
    """

    genome: Genome
    fingerprint: str | None
    trained: str
    structure: str | None = None
    is_new: bool = False

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
        by_structure: whether new structures are looked for.
    """

    def __init__(
        self, store: Store, *, by_fingerprint: bool, by_structure: bool
    ) -> None:
        self._store = store
        self._by_fingerprint = by_fingerprint
        self._by_structure = by_structure
        # A run that is replayed has more in its store than it had then.
        self._settled = 0
        # Those in the window, oldest first, by digest and by fingerprint: a window of
        # thousands is too long to be searched for each child.
        self._window: dict[tuple[_Key, str], deque[Identity]] = {}

    def enter(self, identity: Identity) -> None:
        """A child is in the window now: made, not stored."""
        for key in _keys(identity):
            self._window.setdefault(key, deque()).append(identity)

    def leave(self, identity: Identity) -> None:
        """The oldest child of the window leaves it, to be stored."""
        self._settled += 1
        for key in _keys(identity):
            alike = self._window[key]
            alike.popleft()
            if not alike:
                del self._window[key]

    def identify(self, genome: Genome) -> Identity:
        """The identity of the next child.

        A fingerprint takes about a millisecond: it is looked up where the digest is
        known, and where it is not, a training is at stake.
        """
        if not self._by_fingerprint and not self._by_structure:
            return Identity(genome, None, genome.digest)
        known = self._first("digest", genome.digest)
        if known is not None:
            trained = known.twin or known.digest
            return Identity(genome, known.fingerprint, trained, known.structure)
        mark = fingerprint(genome.pruned) if self._by_fingerprint else None
        other = None if mark is None else self._first("fingerprint", mark)
        trained = genome.digest if other is None else other.twin or other.digest
        if not self._by_structure:
            return Identity(genome, mark, trained)
        kind = structure(genome.pruned)
        is_new = other is None and self._first("structure", kind) is None
        return Identity(genome, mark, trained, kind, is_new)

    def again(self, genome: Genome, row: ProgramRow) -> Identity:
        """The identity that a stored child had when it was made."""
        is_new = row.rate is not None
        trained = genome.digest if is_new else row.twin or row.digest
        return Identity(genome, row.fingerprint, trained, row.structure, is_new)

    def subject(self, identity: Identity) -> Subject:
        """What has to be trained for a child."""
        if identity.twin is None:
            return Subject(identity.digest, unparse(identity.genome.pruned))
        other = self._first("digest", identity.trained)
        if isinstance(other, Identity):
            return Subject(other.digest, unparse(other.genome.pruned))
        assert other is not None, "a twin was made before"
        return subject_of(prune(parse(other.text)))

    def subject_of_member(self, member: Member) -> Subject:
        """What has to be trained to judge a member of the population again."""
        genome = member.genome
        return self.subject(Identity(genome, None, member.trained))

    def _first(self, key: _Key, value: str) -> Identity | ProgramRow | None:
        """Who had this digest or fingerprint before; all who had agree in the rest."""
        alike = self._window.get((key, value))
        if alike:
            return alike[0]
        row = self._store.first(key, value)
        return row if row is not None and row.number <= self._settled else None


def _keys(identity: Identity) -> Iterator[tuple[_Key, str]]:
    if identity.structure is not None:
        yield "structure", identity.structure
    if identity.is_new:
        return
    yield "digest", identity.digest
    if identity.fingerprint is not None:
        yield "fingerprint", identity.fingerprint


def subject_of(pruned: Program) -> Subject:
    """What a ledger needs to train a pruned program."""
    return Subject(digest_of_pruned(pruned), unparse(pruned))
