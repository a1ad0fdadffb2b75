"""Every key of a config: its meaning, unit, range and default, stated once.

Those of `search`, `fitness`, `tasks`, `meta_validation` and `simplify` are in files of
their own beside this one.

Relations between keys are checked by validators, whose messages hold both values.
Relative paths (`program`, `functions`, `fitness.reference`, the file of a `task`,
paths among a task's `arguments`) start at the folder that the command is called in, not
at the config file's.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from evosearch.config.fitness import FitnessConfig
from evosearch.config.meta_validation import MetaValidationConfig
from evosearch.config.search import SearchConfig
from evosearch.config.section import Label, Name, Section
from evosearch.config.simplify import SimplifyConfig
from evosearch.config.task import TaskConfig

SEED_LIMIT = 2**31
"""Seeds are below it: they have to fit a signed 32-bit integer."""


class BudgetConfig(Section):
    """When a run ends: at the first limit reached. Null is no limit."""

    programs: int | None = Field(
        default=None, ge=1, description="programs made, duplicates too; at least 1"
    )
    evaluations: int | None = Field(
        default=None, ge=1, description="programs trained; at least 1"
    )
    steps: int | None = Field(
        default=None,
        ge=1,
        description="training steps of all programs and contests, without the "
        "reference's on the search's own data seeds; at least 1",
    )
    minutes: float | None = Field(
        default=None,
        gt=0.0,
        description="minutes of wall clock, an extra: where it ends a run, another "
        "machine may end it elsewhere; above 0",
    )

    @model_validator(mode="after")
    def _check_countable(self) -> Self:
        if self.programs is None and self.evaluations is None and self.steps is None:
            raise ValueError(
                "needs at least one of programs, evaluations and steps; minutes "
                "alone would end equal runs at different places"
            )
        return self


class TrainingConfig(Section):
    """How one training is watched."""

    chunks: int = Field(
        default=10,
        ge=1,
        description="parts of a training, after each of which it may be ended; "
        "at least 1",
    )
    weight_bound: float = Field(
        default=1000.0,
        gt=0.0,
        description="largest size of a weight; beyond it a training has diverged; "
        "above 0",
    )


class HurdlesConfig(Section):
    """Which trainings end early: those that are worse than most before them."""

    quantile: float | None = Field(
        default=None,
        gt=0.0,
        lt=1.0,
        description="a training ends that is worse, after a chunk, than this share of "
        "the trainings before it, so that about so many go on; above 0, below 1; null "
        "is no hurdles",
    )
    first_chunk: int = Field(
        default=1,
        ge=1,
        description="the first chunk with a hurdle at its end; from 1 to below "
        "training.chunks",
    )
    history: int = Field(
        default=50,
        ge=1,
        le=100_000,
        description="trainings on a task that are compared with, the last; until there "
        "are so many there is no hurdle; from 1 to 100000",
    )


class FinalConfig(Section):
    """How the result is chosen and measured, on data seeds the search never used."""

    candidates: int = Field(
        default=40,
        ge=1,
        le=100_000,
        description="best distinct programs that are trained again; from 1 to 100000",
    )
    validation_seeds: int = Field(
        default=4,
        ge=1,
        le=10_000,
        description="data seeds that one is chosen by; from 1 to 10000",
    )
    front: bool = Field(
        default=True,
        description="whether programs that are smaller than all fitter ones are then "
        "trained on these seeds too, up to half as many as candidates, for show "
        "--front; they cannot be chosen: true or false",
    )
    test_seeds: int = Field(
        default=8,
        ge=2,
        le=10_000,
        description="data seeds that the chosen one and the seed program are compared "
        "on; from 2, for a standard error, to 10000",
    )


class WorkersConfig(Section):
    """Where programs are trained; no choice here changes what a run finds.

    But for slots that are left to be chosen: workers that share a GPU have fewer.
    """

    executor: Literal["ray", "inline"] = Field(
        default="ray", description="ray: processes; inline: the searching process"
    )
    count: int = Field(
        default=0, ge=0, description="workers; 0 is one for each core or GPU"
    )


def _not_empty(tasks: tuple[TaskConfig, ...]) -> tuple[TaskConfig, ...]:
    if not tasks:
        raise ValueError("must not be empty; name at least one task")
    return tasks


class Config(Section):
    """One run, as its config.yaml has it."""

    name: Label = Field(
        description="names the run's folder: 1 to 64 letters, digits, - and _"
    )
    seed: int = Field(
        default=0,
        ge=0,
        lt=SEED_LIMIT,
        description="seed of the search's random choices, from 0 to 2147483647",
    )
    program: Name = Field(
        default="adamw",
        description="program the search starts from: a name in dsl/programs or the "
        "path of an .opt file",
    )
    tasks: Annotated[tuple[TaskConfig, ...], AfterValidator(_not_empty)] = Field(
        strict=False,  # YAML has lists, no tuples
        description="tasks that fitness is averaged over; at least one",
    )
    functions: Name | None = Field(
        default=None,
        description="a Python file that defines FUNCTIONS, a list of dsl.Function, "
        "which the language has then too; null is none",
    )
    search: SearchConfig = SearchConfig()
    fitness: FitnessConfig = FitnessConfig()
    budget: BudgetConfig = Field(
        description="when the run ends: programs, evaluations or steps, at least one"
    )
    training: TrainingConfig = TrainingConfig()
    hurdles: HurdlesConfig = HurdlesConfig()
    meta_validation: MetaValidationConfig = MetaValidationConfig()
    final: FinalConfig = FinalConfig()
    simplify: SimplifyConfig = SimplifyConfig()
    workers: WorkersConfig = WorkersConfig()

    @model_validator(mode="after")
    def _check_tasks_differ(self) -> Self:
        for key, tasks in self._lists_of_tasks().items():
            for index, task in enumerate(tasks):
                if task in tasks[:index]:
                    first = tasks.index(task)
                    raise ValueError(f"{key}.{first} and {key}.{index} are the same")
        return self

    @model_validator(mode="after")
    def _check_slots_can_be_filled(self) -> Self:
        window = self.search.window
        for key, tasks in self._lists_of_tasks().items():
            for index, task in enumerate(tasks):
                if task.slots > window:
                    raise ValueError(
                        f"{key}.{index}.slots ({task.slots}) must not exceed "
                        f"search.window ({window}), the programs that can be under "
                        "way: enlarge the window, to some times the slots, or have "
                        "fewer slots"
                    )
        return self

    def _lists_of_tasks(self) -> dict[str, tuple[TaskConfig, ...]]:
        return {
            "tasks": self.tasks,
            "meta_validation.tasks": self.meta_validation.tasks,
        }

    @model_validator(mode="after")
    def _check_hurdles_have_chunks(self) -> Self:
        first, chunks = self.hurdles.first_chunk, self.training.chunks
        if self.hurdles.quantile is not None and first >= chunks:
            raise ValueError(
                f"hurdles.first_chunk ({first}) must be below training.chunks "
                f"({chunks}), or no training meets a hurdle: to have none, set "
                "hurdles.quantile to null"
            )
        return self
