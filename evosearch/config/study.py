"""Every key of a study: searches that differ in a few keys, each with several seeds."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from evosearch.config.section import Label, Name, Section
from evosearch.config.tree import SEED_LIMIT


def _left_to_the_study(settings: dict[str, object]) -> dict[str, object]:
    for key in settings:
        if key in ("name", "seed"):
            raise ValueError(
                f"holds {key}, which the study sets itself, from arms and seeds: "
                "leave it away"
            )
    return settings


Settings = Annotated[dict[str, object], AfterValidator(_left_to_the_study)]
"""Keys of the base config with dots, as in search.mode, and their values."""


class ArmConfig(Section):
    """One kind of search in a study."""

    name: Label = Field(
        description="of its runs' folders: 1 to 64 letters, digits, - and _"
    )
    baseline: bool = Field(
        default=False,
        description="whether other arms are compared with it: a dashed line in the "
        "plots, a column in the table",
    )
    settings: Settings = Field(
        default={},
        description="keys of the base config with dots, as in search.mode, and values",
    )


def _not_empty(arms: tuple[ArmConfig, ...]) -> tuple[ArmConfig, ...]:
    if not arms:
        raise ValueError("must not be empty; name at least one arm")
    return arms


def _seeds(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if not seeds:
        raise ValueError("must not be empty; name at least one seed")
    if len(set(seeds)) < len(seeds):
        raise ValueError("holds a seed twice; leave it away once")
    bad = [seed for seed in seeds if not 0 <= seed < SEED_LIMIT]
    if bad:
        raise ValueError(f"holds {bad[0]}; seeds are from 0 to {SEED_LIMIT - 1}")
    return seeds


class StudyConfig(Section):
    """A set of searches: each arm with each seed."""

    name: Label = Field(
        description="of the study's folder: 1 to 64 letters, digits, - and _"
    )
    question: Name = Field(description="what the study is to answer, in a sentence")
    base: Name = Field(
        description="path of the config of all searches, from the folder that the "
        "command is called in"
    )
    settings: Settings = Field(
        default={},
        description="keys of that config that are another for all arms, with dots",
    )
    seeds: Annotated[tuple[int, ...], AfterValidator(_seeds)] = Field(
        strict=False,  # YAML has lists, no tuples
        description="seeds of the searches of each arm; at least one",
    )
    arms: Annotated[tuple[ArmConfig, ...], AfterValidator(_not_empty)] = Field(
        strict=False, description="kinds of search; at least one"
    )
    references: dict[Label, Name] = Field(
        default={},
        description="programs to compare with on the same test seeds, by label: names "
        "in dsl/programs or paths, as of what `evosearch tune` wrote",
    )

    @model_validator(mode="after")
    def _check_names_differ(self) -> Self:
        names = [arm.name for arm in self.arms]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ValueError(
                    f"arms.{names.index(name)} and arms.{index} are both named {name}"
                )
            if name in self.references:
                raise ValueError(f"an arm and a reference are both named {name}")
        return self
