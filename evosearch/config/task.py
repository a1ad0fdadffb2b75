"""The keys of a task: what programs are trained on, and by what."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from evosearch.config.section import Name, PlainValue, Section


class TaskConfig(Section):
    """One task that programs are trained on."""

    task: Name = Field(
        description="a built-in task (charlm, digits) or path/to/file.py:factory"
    )
    arguments: dict[str, PlainValue] = Field(
        default={}, description="arguments of the task's factory, by name"
    )
    schedule: Literal["constant", "cosine", "linear"] = Field(
        default="cosine", description="how the learning rate goes on from its peak, 1"
    )
    warmup: float = Field(
        default=0.05,
        ge=0.0,
        lt=1.0,
        description="share of the steps in which the learning rate rises to its peak, "
        "from 0 to below 1",
    )
    engine: Literal["auto", "machine", "compiled"] = Field(
        default="auto",
        description="what trains programs: machine, compiled once for all of them, or "
        "compiled, which compiles each for itself; auto times both when a run begins",
    )
    slots: int = Field(
        default=0,
        ge=0,
        le=65_536,
        description="programs that the machine trains side by side, for a GPU; from 1 "
        "to search.window; 0 is 1 on a CPU, and on a GPU as many as its memory has "
        "room for, of those at most 1024",
    )

    @model_validator(mode="after")
    def _check_slots_have_a_machine(self) -> Self:
        if self.engine == "compiled" and self.slots > 1:
            raise ValueError(
                f"slots ({self.slots}) are the machine's, but engine is compiled: set "
                "slots to 1, or engine to machine"
            )
        return self
