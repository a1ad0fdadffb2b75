"""The keys of `meta_validation`: held-out tasks that a search's leader is tried on."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from evosearch.config.section import Section
from evosearch.config.task import TaskConfig


class MetaValidationConfig(Section):
    """Whether what leads a search is good on tasks that the search knows nothing of."""

    every: int | None = Field(
        default=None,
        ge=1,
        description="programs made, duplicates too, after which, each time, the "
        "fittest is trained on these tasks if it is another than before; at least 1; "
        "null is never",
    )
    tasks: tuple[TaskConfig, ...] = Field(
        default=(),
        strict=False,  # YAML has lists, no tuples
        description="tasks that the fittest is trained on, as those of the search; "
        "at least one where every is a number",
    )
    seeds: int = Field(
        default=4,
        ge=2,
        le=10_000,
        description="data seeds on each of these tasks; from 2, for a standard error, "
        "to 10000",
    )

    @property
    def used(self) -> tuple[TaskConfig, ...]:
        """The tasks that are trained on: none where `every` is null."""
        return () if self.every is None else self.tasks

    @model_validator(mode="after")
    def _check_there_are_tasks(self) -> Self:
        if self.every is not None and not self.tasks:
            raise ValueError(
                f"every is {self.every}, but tasks is empty: name at least one task, "
                "or set every to null"
            )
        return self
