"""Configs: what is printed loads back, defaults and overrides are where they belong."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evosearch.config import (
    BudgetConfig,
    Config,
    FinalConfig,
    FitnessConfig,
    SearchConfig,
    TaskConfig,
    TrainingConfig,
    WorkersConfig,
    dump_config,
    load_config,
    parse_task,
)
from evosearch.config.section import Section

SMALLEST = """\
name: lion
tasks:
  - task: charlm
    arguments: {scale: 1}
budget:
  programs: 10
"""

plain_values = st.one_of(
    st.text(),
    st.sampled_from(["no", "true", "null", "~", "1e-3", "010", "1:30", "2026-01-01"]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
not_negative = st.floats(0.0, 1e300)
prices = st.floats(0.0, 1e6)
names = st.text(min_size=1).filter(lambda text: "\0" not in text)
counts = st.integers(1, 10**9)
tasks = st.builds(
    TaskConfig,
    task=names,
    arguments=st.dictionaries(st.text(), plain_values, max_size=4),
    schedule=st.sampled_from(["constant", "cosine", "linear"]),
    warmup=st.floats(0.0, 1.0, exclude_max=True),
)
searches = st.builds(
    SearchConfig,
    population=st.integers(1000, 10**6),
    tournament=st.integers(1, 1000),
    window=counts,
    insert=st.floats(0.1, 10.0),
    delete=not_negative,
    modify=not_negative,
    max_statements=st.integers(1, 1000),
)
configs = st.builds(
    Config,
    name=st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=64),
    seed=st.integers(0, 2**31 - 1),
    program=names,
    tasks=st.lists(tasks, min_size=1, max_size=3, unique_by=repr).map(tuple),
    search=searches,
    fitness=st.builds(
        FitnessConfig,
        reference=st.none() | names,
        seeds=st.integers(1, 10_000),
        rotate=st.integers(0, 10**6),
        state_price=prices,
        statement_price=prices,
    ),
    budget=st.builds(
        BudgetConfig,
        programs=counts,
        evaluations=st.none() | counts,
        minutes=st.none() | st.floats(1e-3, 1e6),
    ),
    training=st.builds(TrainingConfig, chunks=counts, weight_bound=st.just(2.5e-7)),
    final=st.builds(
        FinalConfig, candidates=st.integers(1, 10**5), test_seeds=st.integers(2, 99)
    ),
    workers=st.builds(WorkersConfig, executor=st.sampled_from(["ray", "inline"])),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(SMALLEST, encoding="utf-8")
    return path


@given(configs)
def test_a_printed_config_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, config: Config
) -> None:
    path = tmp_path_factory.getbasetemp() / "printed.yaml"
    path.write_text(dump_config(config), encoding="utf-8")
    loaded = load_config(path)
    assert loaded == config
    # 1, 1.0 and True are equal in Python, and not for a task that is given them.
    assert repr(loaded) == repr(config)


def test_defaults_are_the_papers(file: Path) -> None:
    config = load_config(file)
    assert (config.search.population, config.search.tournament) == (1000, 2)
    assert config.search.window == 32
    assert config.tasks == (TaskConfig(task="charlm", arguments={"scale": 1}),)


def test_overrides_are_set_in_order(file: Path) -> None:
    config = load_config(
        file,
        [
            "search.population=100",
            "search.population=200",
            "tasks.0.arguments.scale=2",
            "tasks.0.arguments.rate=1e-3",
            "fitness.reference=null",
            "budget={steps: 5}",
            "budget.minutes=0.5",
        ],
    )
    assert config.search.population == 200
    assert config.tasks[0].arguments == {"scale": 2, "rate": 1e-3}
    assert config.fitness.reference is None
    assert config.budget == BudgetConfig(steps=5, minutes=0.5)


def test_a_task_without_a_file_is_that_of_a_file(file: Path) -> None:
    overrides = ["arguments.scale=1", "warmup=0.1"]
    task = parse_task("charlm", overrides)
    assert task == load_config(file, [f"tasks.0.{each}" for each in overrides]).tasks[0]


def test_the_tree_is_frozen(file: Path) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_config(file).search.population = 3


SECTIONS = [Config, *(kind for kind in Section.__subclasses__() if kind is not Config)]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_says_what_it_means(section: type[Section]) -> None:
    for name, field in section.model_fields.items():
        assert field.description or isinstance(field.default, Section), name
