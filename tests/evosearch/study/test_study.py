"""`evosearch study`: does what is not done, once, stopped or not, and compares it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from dsl import digest, parse
from evosearch import study as module
from evosearch.config import load_study
from evosearch.stop import StopOnInterrupt
from evosearch.study import plan_runs
from evosearch.study.folder import (
    CURVES,
    MARKER,
    PROGRAMS,
    README,
)
from tests.command_line import ROOT, evosearch, last_line, refused
from tests.evosearch.study.tiny import results, study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def done(configs: Path) -> Path:
    out = configs / "out"
    answer = study(configs, out)
    assert answer.code == 0, answer.error
    return out


def test_each_arm_has_each_seed(done: Path) -> None:
    rows = results(done)
    assert [(row["arm"], row["seed"]) for row in rows if "arm" in row] == [
        ("evolve", 3), ("constants", 3), ("evolve", 4), ("constants", 4),
    ]  # fmt: skip
    assert [row["trained"] for row in rows if "arm" in row] == [25, 15, 25, 15]
    references = {row["reference"]: row for row in rows if "reference" in row}
    assert references["plain"]["loss"] != references["sign"]["loss"]
    assert references["plain"]["test_seeds"] == 3
    programs = {f"{row['arm']}-{row['seed']}.opt": row for row in rows if "arm" in row}
    assert {path.name for path in (done / PROGRAMS).iterdir()} == {*programs}
    for name, row in programs.items():
        assert digest(parse((done / PROGRAMS / name).read_text())) == row["digest"]
    summary = json.loads((done / "runs" / "evolve-3" / "summary.json").read_text())
    # The search began with what is a reference here, and was compared with it there.
    assert references["plain"]["loss"] == pytest.approx(summary["seed_fresh_mean"])
    assert rows[0]["loss"] == summary["best"]["fresh_mean"]
    assert summary["handover"] is None


def test_curves_end_where_runs_do(done: Path) -> None:
    with (done / CURVES).open() as lines:
        points = list(csv.DictReader(lines))
    for row in results(done):
        if "arm" not in row:
            continue
        key = row["arm"], str(row["seed"])
        here = [each for each in points if (each["arm"], each["seed"]) == key]
        fitness = [float(each["fitness"]) for each in here]
        assert fitness == sorted(fitness, reverse=True)
        last = here[-1]
        assert int(last["programs"]) == row["programs"] == len(here)
        assert int(last["steps"]) == row["steps"]
        assert int(last["hits"]) + int(last["trained"]) == row["programs"]


def test_the_page_tells_it_and_keeps_what_was_written(
    configs: Path, done: Path
) -> None:
    page = (done / README).read_text()
    for words in (
        "Does it work?",
        '| constants, a baseline | `search.mode: "constants"`',
        "- `budget.evaluations: 25`",
        "from 4 of 4 runs",
        "loss minus constants | loss minus plain",
        f"evosearch study {configs}/study.yaml --out {done}",
    ):
        assert words in page
    above, _, _ = page.partition(MARKER)
    (done / README).write_text(f"{above}{MARKER}\n\nMine.\n")
    store = done / "runs" / "evolve-3" / "run.sqlite"
    before = store.stat().st_mtime_ns
    answer = study(configs, done, "--json")
    assert answer.code == 0
    told = last_line(answer.output)["rows"]
    assert [row["loss"] for row in told] == [row["loss"] for row in results(done)]
    printed = study(configs, done).output
    (row,) = (line for line in page.splitlines() if line.startswith("| evolve | 2"))
    assert all(cell.strip() in printed for cell in row.split("|"))
    assert store.stat().st_mtime_ns == before  # what is done is not done again
    assert (done / README).read_text() == f"{above}{MARKER}\n\nMine.\n"


def test_ctrl_c_ends_it_and_the_same_command_goes_on(
    configs: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    asked = iter(range(100_000))
    with monkeypatch.context() as patched:
        # In the midst of the second run.
        patched.setattr(StopOnInterrupt, "asked", lambda self: next(asked) > 45)
        answer = study(configs, out, "--executor", "inline")
    assert answer.code == 130
    last = answer.error.splitlines()[-1]
    assert last.startswith("go on with: evosearch study ")
    assert last.endswith(" --executor inline")
    assert "--executor" not in (out / README).read_text()
    assert 0 < len(results(out)) < 4
    assert study(configs, out).code == 0
    assert results(out) == results(done)
    assert (out / CURVES).read_bytes() == (done / CURVES).read_bytes()


def test_what_was_found_stays_until_all_of_it_is_found_again(
    configs: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a clone: git ignores the runs.
    out = tmp_path / "out"
    copytree(done, out, ignore=ignore_patterns("runs"))
    before = {path: path.read_bytes() for path in out.iterdir() if path.is_file()}
    asked = iter(range(100_000))
    with monkeypatch.context() as patched:
        patched.setattr(StopOnInterrupt, "asked", lambda self: next(asked) > 45)
        answer = study(configs, out)
    assert answer.code == 130
    assert f"{out}: what was found before is more than this" in answer.error
    assert {path: path.read_bytes() for path in before} == before
    assert study(configs, out).code == 0
    assert results(out) == results(done)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("summary.json", ""),
        ("summary.json", '{"made": 25}'),
        ("summary.json", "[]"),
        ("curve.jsonl", ""),
        ("curve.jsonl", '{"programs": 1, "st'),
        ("curve.jsonl", '{"programs": 1}\n'),
    ],
)
def test_what_a_run_wrote_is_written_again_where_it_cannot_be_read(
    configs: Path, done: Path, tmp_path: Path, name: str, text: str
) -> None:
    out = tmp_path / "out"
    copytree(done, out)
    file = out / "runs" / "constants-3" / name
    file.write_text(text)
    answer = study(configs, out)
    assert answer.code == 0, answer.error
    assert "3 of 4 runs are done" in answer.error
    assert results(out) == results(done)
    assert (out / CURVES).read_bytes() == (done / CURVES).read_bytes()


def test_a_run_s_folder_without_config_or_record_is_told(
    configs: Path, done: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    copytree(done, out)
    run = out / "runs" / "constants-4"
    (run / "run.sqlite").write_text("no database")
    (run / "summary.json").unlink()
    told = study(configs, out).error.splitlines()[-1]
    assert told.startswith(f"error: {run}/run.sqlite is not the record of a run")
    assert told.endswith("put back what was there, or begin anew without that folder")
    (out / "runs" / "evolve-4" / "config.yaml").unlink()
    sentence = refused("study", configs / "study.yaml", "--out", out)
    assert "evolve-4: has no config.yaml, so no run can be taken up there" in sentence


def test_settings_may_have_any_text(configs: Path, tmp_path: Path) -> None:
    text = (configs / "study.yaml").read_text()
    name = "\U0001f600 ü\u2028\t\"'.opt"
    settings = f"settings: {{program: {json.dumps(name)}, "
    path = tmp_path / "text.yaml"
    path.write_text(
        text.replace("settings: {", settings, 1).replace("\\ud83d\\ude00", "\U0001f600")
    )
    planned = plan_runs(load_study(path), tmp_path, [])
    assert {each.config.program for each in planned} == {name}


def test_a_larger_budget_extends_runs_and_another_search_is_refused(
    configs: Path, done: Path
) -> None:
    text = (configs / "study.yaml").read_text()
    more = configs / "more.yaml"
    more.write_text(text.replace("budget.evaluations: 15", "budget.evaluations: 20"))
    answer = evosearch("study", more, "--out", done)
    assert answer.code == 0, answer.error
    trained = [row["trained"] for row in results(done) if "arm" in row]
    assert trained == [25, 20, 25, 20]
    other = configs / "other.yaml"
    other.write_text(text.replace("evaluations: 25", "evaluations: 25, program: lion"))
    sentence = refused("study", other, "--out", done)
    assert "evolve-3: was begun with another program than the study has" in sentence


@pytest.mark.parametrize("path", sorted((ROOT / "configs/studies").glob("*.yaml")))
def test_our_studies_can_be_planned(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    read = load_study(path)
    planned = plan_runs(read, Path("out"), [])
    assert len(planned) == len(read.arms) * len(read.seeds)
    assert not any(each.config.simplify.enabled for each in planned)
    bare = ("arms", "references", "settings")
    for line in path.read_text().splitlines():
        key, _, rest = line.partition(":")
        if line[:1].isalpha() and key not in ("question", *bare):
            assert "#" in rest, line


def test_what_the_package_offers() -> None:
    assert set(module.__all__) <= set(dir(module))
