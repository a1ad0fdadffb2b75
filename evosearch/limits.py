"""What a search forbids beyond the language: too many states, a misplaced rate.

Both are about the live part alone: dead statements may do what they like, they are
stepping stones.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsl.program import Program
from dsl.prune import prune
from evosearch.config import SearchConfig
from evosearch.errors import InputError

TOO_MANY_STATES, RATE_NOT_LAST = "too_many_states", "rate_not_last"
"""Reasons for throwing a valid child away before it is trained."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What every child of a search keeps to.

    Attributes:
        max_states: live states at most; None is no limit.
        rate_is_last: whether `rate_is_last_factor` has to hold.
    """

    max_states: int | None = None
    rate_is_last: bool = False

    def broken(self, pruned: Program, before: int) -> str | None:
        """The limit that a child's live part breaks, if it breaks one.

        Args:
            pruned: the live part.
            before: live states of the parent. From above the limit there is a way
                down: a child of fewer states than its parent is let live. So a line of
                descent from a seed program with n states too many keeps to the limit
                after n steps at most, and never leaves it again.
        """
        states = len(pruned.states)
        if self.exceeds(states) and states >= before:
            return TOO_MANY_STATES
        if self.rate_is_last and not rate_is_last_factor(pruned):
            return RATE_NOT_LAST
        return None

    def exceeds(self, states: int) -> bool:
        """Whether these are more live states than the limit."""
        return self.max_states is not None and states > self.max_states

    def why_no_result(self, states: int) -> str:
        """Why a program that was trained cannot be the result; empty if it can be."""
        if not self.exceeds(states):
            return ""
        return f"has {states} live states and search.max_states is {self.max_states}"


def limits_of(config: SearchConfig) -> Limits:
    """The limits that a config asks for."""
    return Limits(config.max_states, config.rate == "last")


def require_within(limits: Limits, seed: Program) -> None:
    """What a search starts from may have too many states, but no misplaced rate.

    Raises:
        InputError: its children would have one, too, nearly all of them.
    """
    if limits.rate_is_last and not rate_is_last_factor(prune(seed)):
        raise InputError(
            f"search.rate: last, but in the program that the search starts from "
            f"{seed.learning_rate} is not a factor of the whole update and nothing "
            f"else: write its update as x * {seed.learning_rate}, or set rate to "
            "anywhere"
        )


def rate_is_last_factor(pruned: Program) -> bool:
    """Whether the update is `x * lr`, where x and the states know nothing of `lr`.

    The schedule's value has to be read once and to reach the update by multiplications
    alone, each by something that does not depend on it: `lr * 0.001`, then `x * lr`, is
    how AdamW has it. In real arithmetic that is `(x * 0.001) * lr`: the whole update,
    decay included, is scaled by the schedule, and nothing else is.

    Args:
        pruned: the live part of a valid program; no other reader counts.
    """
    scaled = {pruned.learning_rate}
    for statement in pruned.statements:
        count = sum(name in scaled for name in statement.reads)
        if count == 0:
            scaled.discard(statement.target)
        elif count == 1 and statement.function == "multiply":
            scaled.add(statement.target)
        else:
            return False
    # Every value leads to an output. So none is scaled twice: two that led to the
    # update would have met in one statement.
    return pruned.outputs[0] in scaled and scaled.isdisjoint(pruned.outputs[1:])
