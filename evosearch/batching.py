"""Continuous batching: whoever ends leaves its slot, and who waits takes it.

As inference servers do it: all slots take a chunk together, and at its end the
diverged, the hopeless and the finished leave. Programs of one size (`lockstep.size_of`)
share a bank of slots; the size depends on the program alone, and a slot computes the
same whatever is beside it, so a result does not depend on the company.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import jax
import numpy as np

from dsl.program import Program
from evosearch.errors import InputError
from evosearch.lockstep import Pairs, laid_out, resting
from evosearch.plan import Plan
from evosearch.rows import Split
from evosearch.slots import Bank, Slots, is_out_of_memory, stack
from evosearch.train import Outcome, Training, after_chunk, ended

Key = TypeVar("Key", bound=Hashable)


@dataclass(eq=False, slots=True)
class _Candidate(Generic[Key]):
    """A training that waits or is under way."""

    key: Key
    program: Pairs
    seed: int
    split: Split
    hurdles: Sequence[float]
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0


class _Group(Generic[Key]):
    """Candidates of one size: those in slots, and those that wait, oldest first."""

    def __init__(self, size: int, slots: int) -> None:
        self.size = size
        self.bank: Bank | None = None
        self.inside: list[_Candidate[Key] | None] = [None] * slots
        self.fresh = set(range(slots))
        self.waiting: deque[_Candidate[Key]] = deque()

    def occupied(self) -> list[tuple[int, _Candidate[Key]]]:
        """Slots and who is in them."""
        return [(slot, each) for slot, each in enumerate(self.inside) if each]

    def candidates(self) -> list[_Candidate[Key]]:
        return [*filter(None, self.inside), *self.waiting]

    def fill(self) -> None:
        """Give free slots to those that wait."""
        for slot, candidate in enumerate(self.inside):
            if candidate is None and self.waiting:
                self.inside[slot] = self.waiting.popleft()

    def leave(self, slot: int) -> None:
        """Free a slot; the bank goes with the last."""
        self.inside[slot] = None
        self.fresh.add(slot)
        if not any(self.inside):
            self.bank, self.fresh = None, set(range(len(self.inside)))


class Batching(Generic[Key]):
    """Trains many programs of one plan at once.

    Args:
        plan: of the task.
        count: slots; there will be fewer if the device has no memory for so many.
        say: is told then.
    """

    def __init__(self, plan: Plan, count: int, say: Callable[[str], None]) -> None:
        self.plan = plan
        self._slots = Slots(plan, count)
        self._groups: dict[int, _Group[Key]] = {}
        self._say = say

    @property
    def busy(self) -> bool:
        """Whether a training waits or is under way."""
        return any(group.candidates() for group in self._groups.values())

    def submit(
        self,
        key: Key,
        program: Program,
        seed: int,
        split: Split,
        hurdles: Sequence[float] = (),
    ) -> None:
        """Take on a training, whose result comes under `key`; as of `Trainer.train`."""
        self._wait(_Candidate(key, laid_out(program), seed, split, hurdles))

    def collect(self) -> list[tuple[Key, Training]]:
        """Train until at least one training has ended; those that have."""
        done: list[tuple[Key, Training]] = []
        while not done:
            # The fullest launch first: the rest may get company in the meantime.
            group = max(self._groups.values(), key=lambda each: len(each.candidates()))
            try:
                done = self._take_chunk(group)
            except jax.errors.JaxRuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                self._halve(error)
        return done

    def _wait(self, candidate: _Candidate[Key]) -> None:
        size = len(candidate.program.trees)
        if size not in self._groups:
            self._groups[size] = _Group(size, self._slots.count)
        self._groups[size].waiting.append(candidate)

    def _take_chunk(self, group: _Group[Key]) -> list[tuple[Key, Training]]:
        """Take a chunk's steps in a group's slots; those that have ended leave."""
        began = time.perf_counter()
        group.fill()
        here = dict(group.occupied())
        outcomes = self._advance(group, here)
        finished = [slot for slot, end in outcomes.items() if end is Outcome.OK]
        losses = self._evaluate(group, here, finished)
        share = (time.perf_counter() - began) / len(here)
        for candidate in here.values():
            candidate.seconds += share
        done = []
        for slot, outcome in outcomes.items():
            group.leave(slot)
            each, loss = here[slot], losses.get(slot, math.nan)
            training = ended(self.plan, outcome, each.losses, loss, each.seconds)
            done.append((each.key, training))
        return done

    def _advance(
        self, group: _Group[Key], here: Mapping[int, _Candidate[Key]]
    ) -> dict[int, Outcome]:
        """Outcomes of those that have ended: `ok` if all their steps are taken."""
        slots = range(len(group.inside))
        seeds = [here[slot].seed if slot in here else 0 for slot in slots]
        if group.bank is None:
            group.bank = self._slots.empty(group.size)
        if group.fresh:
            fresh = np.array([slot in group.fresh for slot in slots])
            numbers = np.array(seeds, np.uint32)
            group.bank = self._slots.admit(group.bank, numbers, fresh)
            group.fresh.clear()
        idle = resting(group.size)
        programs = [here[slot].program if slot in here else idle for slot in slots]
        chunks = [
            self.plan.chunk(seed, len(here[slot].losses) if slot in here else 0)
            for slot, seed in enumerate(seeds)
        ]
        group.bank, losses, peaks = self._slots.advance(
            group.bank, stack(programs), stack(chunks)
        )
        outcomes = {}
        for slot, each in here.items():
            each.losses.append(float(losses[slot]))
            outcome = after_chunk(
                each.losses, float(peaks[slot]), self.plan.weight_bound, each.hurdles
            )
            if outcome is not Outcome.OK or len(each.losses) == self.plan.chunks:
                outcomes[slot] = outcome
        return outcomes

    def _evaluate(
        self,
        group: _Group[Key],
        here: Mapping[int, _Candidate[Key]],
        finished: Sequence[int],
    ) -> dict[int, float]:
        assert group.bank is not None
        losses: dict[int, float] = {}
        for split in sorted({here[slot].split for slot in finished}):
            chosen = [slot for slot in finished if here[slot].split == split]
            found = self._slots.evaluate(group.bank, chosen, split)
            losses |= zip(chosen, found, strict=True)
        return losses

    def _halve(self, error: Exception) -> None:
        """Begin all trainings under way anew in half as many slots.

        Raises:
            InputError: there was one slot only.
        """
        count = self._slots.count // 2
        if count == 0:
            raise InputError(
                "tasks: the device has no memory for one training "
                f"({str(error).splitlines()[0]}): make the task smaller"
            ) from None
        self._say(
            f"out of memory with {self._slots.count} slots: going on with {count}"
        )
        left = [each for group in self._groups.values() for each in group.candidates()]
        self._groups.clear()
        self._slots = Slots(self.plan, count)
        for candidate in left:
            candidate.losses.clear()
            self._wait(candidate)
