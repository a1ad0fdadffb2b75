"""The keys of `simplify`: what becomes of the chosen program at the end of a run."""

from __future__ import annotations

from pydantic import Field

from evosearch.config.section import Section


class SimplifyConfig(Section):
    """How the chosen program is simplified before it is identified and exported."""

    enabled: bool = Field(
        default=True,
        description="whether the chosen program is simplified, identified and "
        "exported into the run's folder: true or false",
    )
    share: float = Field(
        default=0.15,
        ge=0.0,
        le=100.0,
        description="trainings that may go into finding the shorter program, as a "
        "share of the training steps of the search; from 0 to 100",
    )
    seeds: int = Field(
        default=4,
        ge=2,
        le=10_000,
        description="data seeds by which it is chosen what goes; from 2, for a "
        "standard error, to 10000",
    )
    tolerance: float = Field(
        default=1.0,
        ge=0.0,
        le=100.0,
        description="how much worse the shorter program may be, in standard errors of "
        "the mean loss over these seeds; from 0 to 100",
    )
