"""Every key of a funnel: programs, baselines, and the tasks that they go through."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from evosearch.config.section import Label, Name, Section
from evosearch.config.task import TaskConfig
from evosearch.config.tree import SEED_LIMIT
from evosearch.errors import did_you_mean


class StageConfig(Section):
    """One task that programs are tuned and compared on, all alike."""

    name: Label = Field(
        description="of its table and files: 1 to 64 letters, digits, - and _"
    )
    task: TaskConfig = Field(
        description="a group of keys as in a config's tasks: task, arguments, "
        "schedule, warmup, engine, slots"
    )
    trials: int = Field(
        default=90,
        ge=1,
        le=100_000,
        description="trials of a round of tuning, the program as it came included; "
        "from 1 to 100000",
    )
    seeds: int = Field(
        default=3,
        ge=1,
        le=10_000,
        description="data seeds that constants are chosen by; from 1 to 10000",
    )
    test_seeds: int = Field(
        default=8,
        ge=2,
        le=10_000,
        description="fresh data seeds that tuned programs are compared on; from 2 to "
        "10000",
    )
    tuning_seed: int = Field(
        default=0,
        ge=0,
        lt=SEED_LIMIT,
        description="seed of the draws of trials, from 0 to 2147483647",
    )


def _stages(stages: tuple[StageConfig, ...]) -> tuple[StageConfig, ...]:
    if not stages:
        raise ValueError("must not be empty; name at least one stage")
    names = [stage.name for stage in stages]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ValueError(
                f"{names.index(name)} and {index} are both named {name}; rename one"
            )
    return stages


class FunnelConfig(Section):
    """Programs that go from stage to stage as long as they beat a tuned baseline."""

    name: Label = Field(
        description="of the folder in experiments: 1 to 64 letters, digits, - and _"
    )
    question: Name = Field(description="what is to be answered, in a sentence")
    programs: dict[Label, Name] = Field(
        default={},
        description="candidates by label: names in dsl/programs or paths of .opt files",
    )
    runs: dict[Label, Name] = Field(
        default={},
        description="folders of runs by label, whose best programs are candidates too, "
        "as LABEL-1, LABEL-2 and so on",
    )
    best: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="best distinct programs of each run; from 1 to 1000",
    )
    baselines: dict[Label, Name] = Field(
        default={},
        description="programs that all others are compared with in each stage, by "
        "label: names in dsl/programs or paths of .opt files",
    )
    gate: Label | None = Field(
        default=None,
        description="label of the baseline that a candidate has to beat, by more than "
        "two standard errors, to go on to the next stage; null: all go on",
    )
    rounds: int = Field(
        default=1,
        ge=1,
        le=100,
        description="rounds of tuning in each stage, each from the best trial of the "
        "one before; from 1 to 100",
    )
    functions: Name | None = Field(
        default=None,
        description="a Python file that defines FUNCTIONS, as in a run's config; null "
        "is none",
    )
    stages: Annotated[tuple[StageConfig, ...], AfterValidator(_stages)] = Field(
        strict=False,  # YAML has lists, no tuples
        description="tasks in the order in which programs go through; at least one",
    )

    @model_validator(mode="after")
    def _check_there_are_candidates(self) -> Self:
        if not self.programs and not self.runs:
            raise ValueError(
                "programs and runs are both empty; name at least one candidate"
            )
        return self

    @model_validator(mode="after")
    def _check_labels_differ(self) -> Self:
        places = range(1, self.best + 1)
        found = [f"{run}-{place}" for run in self.runs for place in places]
        labels = Counter([*self.programs, *found, *self.baselines])
        for label, times in labels.items():
            if times > 1:
                raise ValueError(
                    f"two of programs, runs and baselines are labelled {label}: rename "
                    "one"
                )
        files = Counter(
            f"{stage.name}-{label}" for stage in self.stages for label in labels
        )
        for name, times in files.items():
            if times > 1:
                raise ValueError(
                    f"two tuned programs would be written to {name}.opt: rename a "
                    "stage or a label"
                )
        return self

    @model_validator(mode="after")
    def _check_gate_is_a_baseline(self) -> Self:
        if self.gate is not None and self.gate not in self.baselines:
            known = (
                did_you_mean(self.gate, self.baselines)
                if self.baselines
                else "there are none"
            )
            raise ValueError(f"gate: {self.gate} is no label of a baseline; {known}")
        return self
