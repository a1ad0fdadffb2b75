"""The keys of `fitness`: what is minimised, on which data seeds, at which prices."""

from __future__ import annotations

from pydantic import Field

from evosearch.config.section import Name, Section


class FitnessConfig(Section):
    """What is minimised: relative loss against a reference on the same data seeds."""

    reference: Name | None = Field(
        default=None,
        description="program to compare with: a name in dsl/programs or a path; "
        "null is the program the search starts from",
    )
    seeds: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="data seeds a candidate is trained on; from 1 to 10000",
    )
    rotate: int = Field(
        default=400,
        ge=0,
        description="children made before the data seeds change; 0 is never",
    )
    paired: bool = Field(
        default=True,
        description="whether a loss is compared with the reference's on the same data "
        "seed; false: with its loss on the first data seeds of the search, so that the "
        "luck of a data seed counts, to measure what pairing is worth: true or false",
    )
    more_seeds: int = Field(
        default=0,
        ge=0,
        le=100,
        description="fresh data seeds for a child that would lead on its first ones, "
        "and for the leader, before it enters; from 0, which is none, to 100",
    )
    more_rotate: int = Field(
        default=1,
        ge=1,
        description="children that share those fresh data seeds, so that the leader "
        "and the reference are trained once for all; from 1, which is each its own",
    )
    state_price: float = Field(
        default=0.0,
        ge=0.0,
        le=1e6,
        description="added for each live state, as a share of the reference's loss; "
        "from 0 to 1e6",
    )
    statement_price: float = Field(
        default=0.0,
        ge=0.0,
        le=1e6,
        description="added for each live statement, as a share of the reference's "
        "loss; from 0 to 1e6",
    )
