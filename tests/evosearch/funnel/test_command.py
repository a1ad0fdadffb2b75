"""`evosearch funnel`: a real one, stopped or not, from a run, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from dsl import digest, parse, unparse
from dsl.library import read_program
from evosearch.config import FunnelConfig, StageConfig, load_config, load_funnel
from evosearch.errors import InputError
from evosearch.funnel import read_entrants, stages
from evosearch.funnel.best import best_rows
from evosearch.stop import StopOnInterrupt
from evosearch.store import Store
from evosearch.study.folder import MARKER, README, RESULTS
from tests.command_line import ROOT, Answer, evosearch, last_line, refused, settings

TASK = f"{ROOT}/tests/tasks/quadratic.py:factory"
FUNNEL = f"""\
name: tiny
question: Does it work?
programs: {{sign: signum, lion: lion}}
runs: {{}}
baselines: {{plain: adamw}}
gate: plain
rounds: 2
stages:
  - name: one
    task: {{task: '{TASK}', arguments: {{noise: 0.1}}}}
    trials: 5
    seeds: 2
    test_seeds: 3
  - name: two
    task: {{task: '{TASK}', arguments: {{noise: 0.2}}}}
    trials: 4
    seeds: 2
    test_seeds: 3
"""


def funnel(folder: Path, out: Path, text: str = FUNNEL) -> Answer:
    path = folder / "funnel.yaml"
    path.write_text(text)
    return evosearch("funnel", path, "--out", out, "--json")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("funnel")
    answer = funnel(folder, folder / "out", FUNNEL.replace("gate: plain", "gate: null"))
    assert answer.code == 0, answer.error
    told = last_line(answer.output)
    lines = (folder / "out" / RESULTS).read_text().splitlines()
    assert told["rows"] == [json.loads(line) for line in lines]
    return folder / "out"


def test_every_program_of_every_stage_is_kept(done: Path) -> None:
    rows = [json.loads(line) for line in (done / RESULTS).read_text().splitlines()]
    assert [(row["stage"], row["label"]) for row in rows] == [
        ("one", "sign"), ("one", "lion"), ("one", "plain"),
        ("two", "sign"), ("two", "lion"), ("two", "plain"),
    ]  # fmt: skip
    for row in rows:
        program = parse((done / f"{row['stage']}-{row['label']}.opt").read_text())
        assert unparse(program) == row["program"]
        assert digest(program) == row["digest"]
    head = (done / "two-lion.opt").read_text().splitlines()[0]
    assert head.startswith(f"# Tuned on {TASK} with noise 0.2, schedule cosine, warmup")
    # Four steps with the rate of 0.001 lead nowhere: tuning matters.
    assert rows[2]["constants"]["rate"] > 0.01
    page = (done / README).read_text()
    assert "Does it work?" in page
    assert "### two" in page
    assert MARKER in page


def test_ctrl_c_ends_it_and_the_same_command_goes_on(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, out = FUNNEL.replace("gate: plain", "gate: null"), tmp_path / "out"
    stages = []
    for most in (7, 40):
        asked = iter(range(100_000))
        with monkeypatch.context() as patched:
            patched.setattr(
                StopOnInterrupt, "asked", lambda self, n=most, a=asked: next(a) > n
            )
            answer = funnel(tmp_path, out, text)
        assert answer.code == 130
        last = answer.error.splitlines()[-1]
        assert last.startswith("stopped; go on with: evosearch funnel ")
        stages.append((out / RESULTS).exists())
    assert stages == [False, True]  # before the end of the first stage, and after it
    assert "the same command goes on." in (out / README).read_text()
    store = Store.open(out / "runs" / "trainings.sqlite")
    kept = len(list(store._connection.execute("SELECT * FROM trainings")))
    store.close()
    assert kept > 40  # what was trained before it was stopped, in the second stage too
    assert funnel(tmp_path, out, text).code == 0
    assert (out / RESULTS).read_bytes() == (done / RESULTS).read_bytes()


def test_what_was_found_stays_until_all_of_it_is_found_again(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a clone: git ignores the store.
    text, out = FUNNEL.replace("gate: plain", "gate: null"), tmp_path / "out"
    copytree(done, out, ignore=ignore_patterns("runs"))
    before = {path: path.read_bytes() for path in out.iterdir() if path.is_file()}
    asked = iter(range(100_000))
    with monkeypatch.context() as patched:
        patched.setattr(StopOnInterrupt, "asked", lambda self: next(asked) > 47)
        answer = funnel(tmp_path, out, text)
    assert answer.code == 130
    assert "one: held-out loss" in answer.output
    assert "at the edge" in answer.output  # on one line: tables are not squeezed
    assert f"{out}: what was found before is more than this" in answer.error
    assert {path: path.read_bytes() for path in before} == before


def test_what_was_found_before_a_fault_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = stages.seeds_of

    def seeds_of(stage: StageConfig, number: int) -> tuple[range, range]:
        if number == 1:
            raise InputError("no more")
        return real(stage, number)

    monkeypatch.setattr(stages, "seeds_of", seeds_of)
    out = tmp_path / "out"
    text = FUNNEL.replace("gate: plain", "gate: null").replace("rounds: 2", "rounds: 1")
    text = text.replace("trials: 5", "trials: 2")
    answer = funnel(tmp_path, out, text)
    assert (answer.code, answer.error.splitlines()[-1]) == (2, "error: no more")
    assert "It ended after the stage one, amid the next" in (out / README).read_text()
    rows = [json.loads(line) for line in (out / RESULTS).read_text().splitlines()]
    assert {row["stage"] for row in rows} == {"one"}
    assert "Does it work?" in (out / README).read_text()


def test_a_store_that_is_none_is_told_with_what_mends_it(tmp_path: Path) -> None:
    run, store = tmp_path / "run", tmp_path / "out" / "runs" / "trainings.sqlite"
    for path in (run / "run.sqlite", store):
        path.parent.mkdir(parents=True)
        path.write_text("no database")
    (run / "config.yaml").write_text((ROOT / "configs/smoke.yaml").read_text())
    told = funnel(tmp_path, tmp_path / "out").error.splitlines()[-1]
    assert told.endswith("a database; delete it, and the same command makes it again")
    answer = funnel(tmp_path, tmp_path / "out", FUNNEL.replace("{}", f"{{a: {run}}}"))
    told = answer.error.splitlines()[-1]
    assert told.startswith(f"error: runs.a: {run}/run.sqlite is not the record of a")


def test_the_best_of_a_run_are_candidates(tmp_path: Path) -> None:
    run = tmp_path / "run"
    options = settings(
        "workers.executor=inline", "budget.evaluations=25", "budget.steps=null",
        "final.candidates=6", "simplify.enabled=false",
        "tasks.0={task: '" + TASK + "'}",
    )  # fmt: skip
    answer = evosearch(
        "run", ROOT / "configs/smoke.yaml", "--out", run, *options, "--json"
    )
    assert answer.code == 0, answer.error
    best = last_line(answer.output)["best"]
    tree = {
        "name": "t", "question": "?", "runs": {"mine": str(run)}, "best": 3,
        "stages": [{"name": "one", "task": {"task": TASK}}],
    }  # fmt: skip
    found = read_entrants(FunnelConfig.model_validate(tree), print)
    assert [each.label for each in found] == ["mine-1", "mine-2", "mine-3"]
    # What the run has chosen on its validation seeds comes first.
    assert digest(found[0].program) == best["digest"]
    assert len({digest(each.program) for each in found}) == 3
    config = load_config(run / "config.yaml")
    store = Store.open(run / "run.sqlite")
    try:
        # Before the final comparison it is the order of the search.
        unjudged = config.final.model_copy(update={"validation_seeds": 99})
        other = config.model_copy(update={"final": unjudged})
        searched = [row.number for row in best_rows(store, other)]
        assert searched == [row.number for row in store.best(99) if not row.reason]
        assert len(best_rows(store, config)) <= 6
        # The reference is what it was when the run began, whatever its name means now.
        renamed = config.fitness.model_copy(update={"reference": "lion"})
        later = config.model_copy(update={"fitness": renamed})
        assert best_rows(store, later) == best_rows(store, config)
    finally:
        store.close()
    # One that is there already under a label is not there twice.
    path = tmp_path / "first.opt"
    path.write_text(unparse(found[0].program))
    more = FunnelConfig.model_validate({**tree, "programs": {"known": str(path)}})
    said: list[str] = []
    again = read_entrants(more, said.append)
    assert [digest(each.program) for each in again[:3]] == [
        digest(each.program) for each in found
    ]
    assert len(said) == 1
    assert "is known again: left out" in said[0]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("sign: signum", "sign: signun", "programs.sign: signun: there is no such"),
        ("plain: adamw", "plain: adamq", "baselines.plain: adamq: there"),
        ("gate: plain", "gate: plian", "is no label of a baseline; did you mean plain"),
        ("plain: adamw", "lion: adamw", "two of programs, runs and baselines are"),
        ("lion: lion", "sign: lion", "sign"),
        ("name: two", "name: one", "stages: 0 and 1 are both named one; rename one"),
        ("{sign: signum, lion: lion}", "{}", "name at least one candidate"),
        ("trials: 5", "trails: 5", "did you mean trials?"),
        ("test_seeds: 3", "test_seeds: 1", "stages.0.test_seeds: "),
        ("noise: 0.2", "nois: 0.2", "stage two: "),
        ("runs: {}", "runs: {a: nowhere}", "runs.a: nowhere has no config.yaml"),
        ("question: Does it work?\n", "", "question: missing"),
        ("lion: lion", "löwe: lion", "programs.löwe: its name must be a plain name: 1"),
    ],
)
def test_bad_funnels(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in FUNNEL
    bad, out = tmp_path / "bad.yaml", tmp_path / "out"
    bad.write_text(FUNNEL.replace(old, new, 1))
    assert sentence in refused("funnel", bad, "--out", out)
    assert not out.exists()


def test_without_stages_there_is_nothing_to_do(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(FUNNEL.partition("stages:")[0] + "stages: []\n")
    sentence = refused("funnel", bad, "--out", tmp_path / "out")
    assert "stages: must not be empty; name at least one stage" in sentence


def test_two_files_of_one_name_are_refused() -> None:
    stage = {"task": {"task": TASK}}
    tree = {
        "name": "t", "question": "?", "programs": {"b": "lion", "a-b": "adamw"},
        "stages": [{**stage, "name": "x"}, {**stage, "name": "x-a"}],
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"written to x-a-b\.opt"):
        FunnelConfig.model_validate(tree)


@pytest.mark.parametrize("path", sorted((ROOT / "configs/funnels").glob("*.yaml")))
def test_our_funnels_can_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    read = load_funnel(path)
    found = read_entrants(read, print)
    assert len(found) == len(read.programs) + len(read.baselines)
    text = path.read_text()
    missing = [key for key in FunnelConfig.model_fields if f"\n{key}:" not in text]
    assert not missing
    for line in text.splitlines():
        key, _, _ = line.partition(":")
        if line[:1].isalpha() and key != "question":
            assert "#" in line, line


@pytest.mark.slow
def test_our_smoke_funnel_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    answer = evosearch("funnel", "configs/funnels/smoke.yaml", "--out", tmp_path)
    assert answer.code == 0, answer.error
    assert "second: held-out loss on 3 fresh data seeds" in answer.output
    adamw = parse((tmp_path / "second-adamw.opt").read_text())
    assert digest(adamw) != digest(parse(read_program("adamw")))
