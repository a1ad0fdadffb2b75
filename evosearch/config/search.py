"""The keys of `search`: evolution, its mutations, and what they draw from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from dsl.functions import SETS
from evosearch.config.section import Section
from evosearch.errors import did_you_mean

_EXPECTED = (
    f"must be {', '.join(SETS)} or {'+'.join(SETS)}, or a list of functions' names"
)


def _choice(value: object) -> object:
    """Sets joined by `+`, or names: which there are is known when the table is full."""
    if isinstance(value, str):
        sets = value.split("+")
        for name in sets:
            if name not in SETS:
                near = did_you_mean(name, SETS)
                raise ValueError(f"{_EXPECTED}; there is no set {name!r}: {near}")
        _require_once(sets)
        return value
    if isinstance(value, list | tuple) and value and all(map(_is_text, value)):
        _require_once(value)
        return tuple(value)
    raise ValueError(_EXPECTED)


def _require_once(names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ValueError(f"{name} is named twice: leave it away once")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


Rate = Annotated[float, Field(ge=1e-6, le=1e6)]
FunctionChoice = Annotated[object, AfterValidator(_choice)]


class SearchConfig(Section):
    """Regularised evolution, its mutations and limits, or a baseline in its place."""

    mode: Literal["evolve", "constants", "random"] = Field(
        default="evolve",
        description="how children are made: evolve, by all mutations; constants, by "
        "other values of the seed program's constants alone; random, each drawn anew, "
        "whatever came before",
    )
    population: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="programs kept, the youngest; from 1 to 1000000",
    )
    tournament: int = Field(
        default=2,
        ge=1,
        description="programs drawn, of which the best becomes the parent; "
        "from 1 to the population",
    )
    copies: int | None = Field(
        default=None,
        ge=1,
        description="members of one structure (alike but for constants) at most: where "
        "one more enters, the oldest of them leaves, not the oldest of all; at least "
        "1; null is no limit",
    )
    islands: int = Field(
        default=1,
        ge=1,
        description="equal parts of the population that breed apart; at least 1, of "
        "which the population is a multiple",
    )
    migrate: int = Field(
        default=1000,
        ge=1,
        description="programs made, duplicates too, after which, each time, the "
        "fittest of each island enters the next one as well; at least 1",
    )
    window: int = Field(
        default=32,
        ge=1,
        description="children in flight: child k is made after result k - window, "
        "whatever the number of workers; so large that of the children in it, of which "
        "some are duplicates, three are trained for each worker; at least 1",
    )
    insert: float = Field(
        default=1.0, ge=0.0, description="odds of inserting a statement; at least 0"
    )
    delete: float = Field(
        default=1.0, ge=0.0, description="odds of deleting a statement; at least 0"
    )
    modify: float = Field(
        default=1.0, ge=0.0, description="odds of modifying an argument; at least 0"
    )
    functions: FunctionChoice = Field(
        default="lion",
        description="functions that insertions draw from: lion, matrix or lion+matrix, "
        "with those of the key functions, or a list of names (evosearch functions)",
    )
    max_statements: int = Field(
        default=100,
        ge=1,
        le=1000,
        description="statements of the longest program, dead ones included; from 1 "
        "to 1000",
    )
    max_states: int | None = Field(
        default=None,
        ge=0,
        description="live states at most, of the result and all children, but for "
        "those on the way down from a seed program with more; at least 0; null is no "
        "limit",
    )
    rate: Literal["anywhere", "last"] = Field(
        default="anywhere",
        description="where a program may use lr: anywhere, or last, as a factor of the "
        "whole update and nowhere else",
    )
    restart: int | None = Field(
        default=None,
        ge=1,
        description="programs made, duplicates too, after which, each time, the "
        "population is filled anew with the best so far; at least 1; null is never",
    )
    restart_after_stall: int | None = Field(
        default=None,
        ge=1,
        description="programs made without a better one after which the same is done; "
        "at least 1; null is never",
    )
    rates: tuple[Rate, ...] = Field(
        default=(1.0,),
        strict=False,  # YAML has lists, no tuples
        description="what the update of a new structure (a program unlike all before "
        "but for constants) is multiplied with: it is trained with each and enters "
        "with the best, in its constants; distinct, from 1e-6 to 1e6, one of them 1",
    )
    fingerprint: bool = Field(
        default=True,
        description="whether a new program with the fingerprint of an earlier one, its "
        "algebraic twin, is judged by that one's trainings: true or false",
    )

    @model_validator(mode="after")
    def _check_relations(self) -> Self:
        if self.tournament > self.population:
            raise ValueError(
                f"tournament ({self.tournament}) must not exceed population "
                f"({self.population})"
            )
        if self.population % self.islands:
            raise ValueError(
                f"population ({self.population}) must be a multiple of islands "
                f"({self.islands})"
            )
        if 1.0 not in self.rates:
            raise ValueError(
                f"rates {list(self.rates)} lack 1, a new structure as it is: add 1"
            )
        if len(set(self.rates)) < len(self.rates):
            raise ValueError(f"rates {list(self.rates)} name one twice: drop it")
        if self.insert == self.delete == self.modify == 0.0:
            raise ValueError(
                "insert, delete and modify are all 0: give one of them positive odds"
            )
        return self
