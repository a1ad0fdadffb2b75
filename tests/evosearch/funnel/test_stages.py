"""Stages in invented worlds: equal tuning, tuned constants, seeds of their own."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dsl import digest, parse
from dsl.library import read_program
from dsl.program import Program
from dsl.structure import structure
from evosearch import funnel as module
from evosearch.config import FunnelConfig, StageConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import Job, task_version
from evosearch.funnel import (
    BASELINE,
    CANDIDATE,
    Entrant,
    StageResult,
    run_stages,
    seeds_of,
)
from evosearch.ledger import Ledger
from evosearch.report.funnel import (
    end_in_words,
    funnel_page,
    funnel_rows,
    heading_of,
    lines_of,
    tuned_file,
)
from evosearch.store import Store
from evosearch.train import Outcome, Training
from evosearch.tune import draw
from tests.searching import TASK, Oracle, Shuffling

TRIALS, SEEDS, TEST_SEEDS = 6, 2, 4
TEXTS = {"lion": "lion", "sign": "signum", "adamw": "adamw"}
KINDS = {"lion": CANDIDATE, "sign": CANDIDATE, "adamw": BASELINE}
PLAIN = "def train(w, g, lr):\n  u = g * lr\n  return u\n"


def config(**keys: Any) -> FunnelConfig:
    stage = {
        "task": {"task": f"{TASK}:factory"},
        "trials": TRIALS, "seeds": SEEDS, "test_seeds": TEST_SEEDS,
    }  # fmt: skip
    tree = {
        "name": "test", "question": "Who?", "gate": "adamw",
        "programs": {"lion": "lion", "sign": "signum"},
        "baselines": {"adamw": "adamw"},
        "stages": [{**stage, "name": "small"}, {**stage, "name": "large"}],
    }  # fmt: skip
    return FunnelConfig.model_validate({**tree, **keys})


def entrants() -> list[Entrant]:
    return [
        Entrant(label, KINDS[label], parse(read_program(name)), name)
        for label, name in TEXTS.items()
    ]


@cache
def _structures() -> dict[str, str]:
    return {structure(each.program): each.label for each in entrants()}


@cache
def _label(text: str) -> str:
    return _structures()[structure(parse(text))]


def kind_of(job: Job) -> str:
    """The label of the program that a job's program has the structure of."""
    return _label(job.text)


def world(job: Job) -> Training:
    """Lion is better than AdamW, Signum worse; constants and seeds matter little."""
    key = f"{job.digest} {job.seed}".encode()
    noise = int.from_bytes(sha256(key).digest()[:4], "big") / 2**32
    loss = {"lion": 1.0, "adamw": 2.0, "sign": 3.0}[kind_of(job)] + 0.1 * noise
    return Training(Outcome.OK, loss, (0.5,), 4, 0.0)


def results(
    folder: Path,
    executor: Oracle,
    tree: FunnelConfig | None = None,
    given: list[Entrant] | None = None,
) -> list[StageResult]:
    @contextmanager
    def benches(stage: StageConfig, program: Program) -> Iterator[Ledger]:
        path = folder / "trainings.sqlite"
        store = Store.open(path) if path.exists() else Store.create(path)
        yield Ledger(store, executor, [task_version(stage.task, TrainingConfig())])
        store.commit()
        store.close()

    asked = given or entrants(), benches, lambda *told: None, lambda: False
    return list(run_stages(tree or config(), *asked))


def test_only_what_beats_the_gate_goes_on(tmp_path: Path) -> None:
    first, second = results(tmp_path, Oracle(world))
    assert first.candidates == ("lion", "sign")
    assert first.passed == ("lion",)
    assert second.candidates == ("lion",)
    assert second.baselines == ("adamw",)
    rows = funnel_rows(config(), entrants(), [first, second])
    assert [(row["stage"], row["label"], row["passed"]) for row in rows] == [
        ("small", "lion", True), ("small", "sign", False), ("small", "adamw", None),
        ("large", "lion", True), ("large", "adamw", None),
    ]  # fmt: skip


def test_it_ends_where_nobody_goes_on(tmp_path: Path) -> None:
    tree = config(programs={"sign": "signum"})
    given = [each for each in entrants() if each.label != "lion"]
    found = results(tmp_path, Oracle(world), tree, given)
    assert len(found) == 1
    told = end_in_words(tree, funnel_rows(tree, given, found))
    assert told == (
        "No candidate went on from the stage small, so the later ones were left."
    )


@pytest.mark.parametrize("rounds", [1, 3])
def test_all_are_tuned_alike_and_stages_share_no_seed(
    tmp_path: Path, rounds: int
) -> None:
    tree = config(gate=None, rounds=rounds)
    executor = Oracle(world)
    found = results(tmp_path, executor, tree)
    seen: dict[int, Counter[str]] = defaultdict(Counter)
    for job in executor.seen:
        if job.split != "test":
            seen[job.seed][kind_of(job)] += 1
    # A round's first trial is the best of the one before: no training more.
    trials = rounds * (TRIALS - 1) + 1
    assert set(seen) == {
        seed for each in found for seed in seeds_of(each.stage, each.number)[0]
    }
    assert len(seen) == 2 * SEEDS
    assert all(set(each.values()) == {trials} for each in seen.values())
    for result in found:
        for standing in result.standings.values():
            assert standing.trainings == trials * SEEDS + TEST_SEEDS
    test = {job.seed for job in executor.seen if job.split == "test"}
    assert len(test) == 2 * TEST_SEEDS
    assert not test & set(seen)


def test_rounds_begin_at_the_best_and_stages_at_what_was_tuned(tmp_path: Path) -> None:
    executor = Oracle(world)
    first, second = results(tmp_path, executor, config(rounds=2, gate=None))
    for label, standing in first.standings.items():
        tuned = digest(standing.knobs.program)
        seeds = {job.seed for job in executor.seen if job.digest == tuned}
        # Tried in the first stage, compared there, and the first trial of the second.
        assert set(seeds_of(first.stage, 0)[1]) <= seeds
        assert set(seeds_of(second.stage, 1)[0]) <= seeds
        assert set(standing.knobs.names) == set(second.standings[label].knobs.names)


def test_it_is_the_same_whatever_comes_first_and_from_a_store(tmp_path: Path) -> None:
    found = []
    for place in range(3):
        folder = tmp_path / str(place)
        folder.mkdir()
        executor = Shuffling(place, world) if place else Oracle(world)
        found.append(results(folder, executor))
    assert found[0] == found[1] == found[2]
    again = Oracle(world)
    assert results(tmp_path / "0", again) == found[0]
    assert not again.seen


def test_each_round_draws_anew_and_alike_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = []

    def watched(*given: Any) -> Any:
        seeds.append(given[-1])
        return draw(*given)

    monkeypatch.setattr("evosearch.funnel.tuning.draw", watched)
    tree = config(gate=None, rounds=2)
    results(tmp_path, Oracle(world), tree)
    assert seeds == [*[0] * 3, *[1] * 3] * 2


def heads(result: StageResult) -> dict[str, str]:
    """First lines of the files of the tuned programs, by label."""
    return {
        label: tuned_file(result, standing, 1).splitlines()[0]
        for label, standing in result.standings.items()
    }


def only(label: str) -> Oracle:
    def evaluate(job: Job) -> Training:
        if kind_of(job) == label:
            return Training(Outcome.DIVERGED, math.nan, (0.5,), 1, 0.0)
        return world(job)

    return Oracle(evaluate)


def test_what_never_trains_is_told_and_does_not_go_on(tmp_path: Path) -> None:
    tree = config(gate=None)
    found = results(tmp_path, only("sign"), tree)
    assert found[0].passed == ("lion",)
    rows = funnel_rows(tree, entrants(), found)
    (row,) = [row for row in rows if row["label"] == "sign"]
    assert row["loss"] is row["losses"] is row["differences"]["adamw"] is None
    assert row["failed"] == TRIALS
    here = [row for row in rows if row["stage"] == "small"]
    assert lines_of(here)[-1][:3] == ["sign", "failed", "failed"]
    assert heads(found[0])["sign"].endswith(
        "none of its trials trains on all data seeds."
    )


def test_a_baseline_that_never_trains_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"baselines\.adamw: none of its 6 trials"):
        results(tmp_path, only("adamw"))


def test_what_has_nothing_to_tune_is_compared_as_it_is(tmp_path: Path) -> None:
    plain = Entrant("lion", CANDIDATE, parse(PLAIN), "plain.opt")
    given = [plain, entrants()[2]]

    def evaluate(job: Job) -> Training:
        is_plain = job.digest == digest(plain.program)
        return Training(Outcome.OK, 1.0, (0.5,), 4, 0.0) if is_plain else world(job)

    tree = config(programs={"lion": "plain.opt"}, rounds=2)
    found = results(tmp_path, Oracle(evaluate), tree, given)
    row = funnel_rows(tree, given, found)[0]
    assert row["constants"] == {}
    assert row["trainings"] == SEEDS + TEST_SEEDS
    assert row["passed"]
    assert lines_of([row])[0][-1] == "nothing tuned"
    told = heads(found[0])
    assert told["lion"].startswith("# As it came to ")
    assert told["adamw"].endswith(f": the best of 6 trials on {SEEDS} data seeds.")
    page = funnel_page(tree, "evosearch funnel x.yaml", funnel_rows(tree, given, found))
    assert "(small: 7.0 %, large: 7.0 %)" in page, "of 4 seeds, t of 3 degrees"


def test_the_table_has_paired_differences_with_their_interval(tmp_path: Path) -> None:
    tree = config(gate=None)
    rows = funnel_rows(tree, entrants(), results(tmp_path, Oracle(world), tree))
    here = [row for row in rows if row["stage"] == "small"]
    assert heading_of(here)[:3] == ["program", "loss", "loss minus adamw"]
    lines = lines_of(here)
    assert [line[0] for line in lines] == ["lion", "adamw (baseline)", "sign"]
    assert lines[1][2] == "-"
    lion, adamw = here[0], here[2]
    pairs = [a - b for a, b in zip(lion["losses"], adamw["losses"], strict=True)]
    mean = math.fsum(pairs) / TEST_SEEDS
    spread = math.sqrt(sum((each - mean) ** 2 for each in pairs) / (TEST_SEEDS - 1))
    half = 3.182446 * spread / math.sqrt(TEST_SEEDS)  # t of 3 degrees, 0.975
    assert lines[0][2] == f"{mean:+.4f} +- {half:.4f}"
    assert {len(line) for line in lines} == {len(heading_of(here))}
    page = funnel_page(tree, "evosearch funnel x.yaml", rows)
    assert "| lion | candidate: `lion` |" in page
    assert "| " + " | ".join(lines[0]) + " |" in page
    assert "There is no gate" in page
    assert "goes on |" not in page


def test_what_the_package_offers() -> None:
    assert set(module.__all__) <= set(dir(module))
