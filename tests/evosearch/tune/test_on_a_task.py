"""`evosearch tune`: better on fresh seeds, the same twice, from a store, by workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dsl import digest, parse, unparse
from dsl.library import read_program
from evosearch import tune as module
from evosearch.errors import InputError
from evosearch.evaluate import Job, task_version
from evosearch.ledger import Ledger
from evosearch.stop import StopOnInterrupt
from evosearch.store import Store
from evosearch.train import Outcome, Training
from evosearch.tune import Asked, Tuned, tune_on_task
from tests.blind import without_constants
from tests.command_line import ROOT, evosearch, evosearch_process, refused
from tests.searching import Oracle, Shuffling, config, invented

TASK = f"{ROOT}/tests/tasks/quadratic.py:factory"
OPTIONS = ("--task", TASK, "--trials", "30", "--test-seeds", "4")
ADAMW = parse(read_program("adamw"))
ASKED = Asked(20, 3, 4, ("cosine", "constant"))


def tuned(folder: Path, executor: Oracle, asked: Asked = ASKED) -> Tuned:
    """AdamW, tuned in an invented world."""
    tree = config()

    @contextmanager
    def benches(schedule: str) -> Iterator[Ledger]:
        path = folder / "trainings.sqlite"
        store = Store.open(path) if path.exists() else Store.create(path)
        task = tree.tasks[0].model_copy(update={"schedule": schedule})
        yield Ledger(store, executor, [task_version(task, tree.training)])
        store.commit()
        store.close()

    return tune_on_task(ADAMW, asked, benches, lambda *told: None, lambda: False)


def test_it_is_the_same_whatever_comes_first(tmp_path: Path) -> None:
    found = []
    for place in range(3):
        folder = tmp_path / str(place)
        folder.mkdir()
        executor = Shuffling(place, invented) if place else Oracle(invented)
        found.append(tuned(folder, executor))
        assert found[-1].trainings == 20 * 3 + 2 * 4
    assert found[0] == found[1] == found[2]
    assert found[0].best.schedule in ASKED.schedules


def test_the_best_on_the_tuning_seeds_is_chosen_and_no_other_is_tested(
    tmp_path: Path,
) -> None:
    executor = Oracle(invented)
    found = tuned(tmp_path, executor)
    means = [sum(each) / len(each) for each in found.losses]
    assert means[found.place] == min(mean for mean in means if mean == mean)
    tested = {job.digest for job in executor.seen if job.split == "test"}
    assert tested == {digest(ADAMW), digest(found.program)}
    tuning = {job.seed for job in executor.seen if job.split != "test"}
    assert not tuning & {job.seed for job in executor.seen if job.split == "test"}


def test_more_trials_are_never_worse_on_the_tuning_seeds(tmp_path: Path) -> None:
    fewer = tuned(tmp_path, Oracle(invented))
    more = tuned(tmp_path, Oracle(invented), ASKED._replace(trials=40))
    assert more.losses[:20] == fewer.losses
    best = [sum(each.losses[each.place]) for each in (fewer, more)]
    assert best[1] <= best[0]


def test_where_nothing_trains_nothing_is_chosen(tmp_path: Path) -> None:
    def diverges(job: Job) -> Training:
        return Training(Outcome.DIVERGED, float("nan"), (0.5,), 1, 0.0)

    with pytest.raises(InputError, match="none of 20 trials"):
        tuned(tmp_path, Oracle(diverges))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    output = tmp_path_factory.mktemp("tuned") / "tuned.opt"
    answer = evosearch("tune", "adamw", *OPTIONS, "-o", output, "--json")
    assert answer.code == 0, answer.error
    found: dict[str, Any] = json.loads(answer.output.splitlines()[-1])
    found["file"] = output.read_text()
    return found


def test_the_bowl_is_reached_sooner(told: dict[str, Any]) -> None:
    assert told["after"]["mean"] < told["before"]["mean"]
    assert told["difference"]["mean"] < -2.0 * told["difference"]["stderr"]
    program = parse(told["file"])
    assert unparse(program) == told["program"]
    assert digest(program) == told["digest"]
    assert without_constants(program) == without_constants(ADAMW)
    assert told["trainings"] == 30 * 3 + 2 * 4
    assert told["file"].startswith(
        f"# Tuned on {TASK}, schedule {told['schedule']}, warmup 0.05: the best of 30"
    )
    assert (told["arguments"], told["warmup"]) == ({}, 0.05)
    # Four steps with the rate of 0.001 lead nowhere.
    assert told["constants"]["rate"]["tuned"] > 0.01
    assert "rate" in told["at_the_edge"]


def test_it_is_the_same_with_a_store_and_from_it(
    told: dict[str, Any], tmp_path: Path
) -> None:
    words = ("tune", "adamw", *OPTIONS, "--store", tmp_path / "s.sqlite", "--json")
    asked = iter(range(100_000))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StopOnInterrupt, "asked", lambda self: next(asked) > 12)
        answer = evosearch(*words)
    assert answer.code == 130
    assert answer.output == ""
    assert "the same command takes up what" in answer.error.splitlines()[-1]
    expected = {name: value for name, value in told.items() if name != "file"}
    for _ in range(2):
        answer = evosearch(*words)
        assert json.loads(answer.output.splitlines()[-1]) == expected


@pytest.mark.ray
def test_workers_find_the_same(told: dict[str, Any]) -> None:
    # Ray forks, so it wants a process in which JAX has not begun.
    words = ("tune", "adamw", *OPTIONS, "--workers", "2", "--json")
    with evosearch_process(*words) as process:
        output, error = process.communicate()
    assert process.returncode == 0, error
    expected = {name: value for name, value in told.items() if name != "file"}
    assert json.loads(output.splitlines()[-1]) == expected


def test_it_prints_constants_and_losses() -> None:
    printed = evosearch(
        "tune", "adamw", *OPTIONS, "--schedules", "constant, linear"
    ).output
    assert "beta1" in printed
    assert "as it was, constant" in printed
    assert "paired difference" in printed
    assert "is at the edge of what was tried" in printed


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--task", "charln"), "did you mean charlm?"),
        (("--task", TASK, "--schedules", "cosinus"), "schedule: must be"),
        (("--task", TASK, "--schedules", "linear,linear"), "linear is there twice"),
        (("--task", TASK, "-o", "nowhere/tuned.opt"), "there is no folder nowhere"),
        (("--task", TASK, "-o", str(ROOT)), "a folder; name a file in it"),
        (("--task", TASK, "-o", "a.b", "--store", "./a.b"), "is the --store too"),
    ],
)
def test_bad_options(options: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused("tune", "adamw", *options)


def test_a_program_without_constants_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.opt"
    path.write_text("def train(w, g, lr):\n  u = g * lr\n  return u\n")
    assert "no constant to tune" in refused("tune", path, *OPTIONS)


def test_what_the_package_offers() -> None:
    assert set(module.__all__) <= set(dir(module))
