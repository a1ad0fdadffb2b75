"""A study's folder: nothing in it that is not a study's is written over."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from evosearch.errors import InputError
from evosearch.study.folder import (
    CURVES,
    FUNNEL,
    META,
    PROGRAMS,
    README,
    RESULTS,
    STUDY,
    StudyFolder,
)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        closing(StudyFolder(tmp_path)),
        pytest.raises(InputError, match="another process"),
    ):
        StudyFolder(tmp_path)
    StudyFolder(tmp_path).close()


@pytest.mark.parametrize("name", [RESULTS, CURVES, META])
def test_files_of_somebody_s_own_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=f"{name}: is there, but no README.md of a"):
        StudyFolder(tmp_path)
    assert (tmp_path / name).read_text() == "mine"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("mine", "row", "theirs"),
    [(STUDY, {"arm": "a"}, FUNNEL), (FUNNEL, {"stage": "a"}, STUDY)],
)
def test_a_funnel_takes_no_folder_of_a_study_nor_the_reverse(
    tmp_path: Path, mine: tuple[str, ...], row: dict[str, str], theirs: tuple[str, ...]
) -> None:
    with closing(StudyFolder(tmp_path, mine)) as folder:
        folder.write_readme("# Page")
        folder.write_results([row])
    StudyFolder(tmp_path, mine).close()
    with pytest.raises(InputError, match=r"results\.jsonl: is what a .* found"):
        StudyFolder(tmp_path, theirs)
    assert json.loads((tmp_path / RESULTS).read_text()) == row


def test_the_folder_of_a_run_is_none(tmp_path: Path) -> None:
    for name in ("config.yaml", "run.sqlite"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="is the folder of a run"):
        StudyFolder(tmp_path)


def test_a_page_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / README).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="no UTF-8 text that can be read"):
        StudyFolder(tmp_path)
    (tmp_path / README).unlink()
    (tmp_path / README).mkdir()
    with pytest.raises(InputError, match="no UTF-8 text that can be read"):
        StudyFolder(tmp_path)


def test_it_knows_whether_it_has_more_than_some_rows(tmp_path: Path) -> None:
    run, other = {"arm": "a", "seed": 0, "loss": 1.0}, {"arm": "a", "seed": 1}
    with closing(StudyFolder(tmp_path)) as folder:
        assert not folder.has_more_than([])
        folder.write_results([run, {"reference": "b"}])
        assert folder.has_more_than([run])
        assert folder.has_more_than([other, {"reference": "b"}])
        assert not folder.has_more_than(
            [{**run, "loss": 2.0}, other, {"reference": "b"}]
        )
        rows = [{"stage": "a", "label": label} for label in "bc"]
        folder.write_results(rows)
        assert folder.has_more_than(rows[:1])
        assert not folder.has_more_than(rows)


def test_what_cannot_be_written_says_that_nothing_is_lost(tmp_path: Path) -> None:
    with closing(StudyFolder(tmp_path)) as folder:
        (tmp_path / CURVES).mkdir()
        with pytest.raises(InputError, match="the same command writes this again"):
            folder.write_curves({})
    assert not list(tmp_path.glob(".*.part"))


def test_results_that_cannot_be_read_may_be_moved_away(tmp_path: Path) -> None:
    with closing(StudyFolder(tmp_path)) as folder:
        folder.write_readme("# Page")
        folder.write_results([{"arm": "a"}])
    (tmp_path / RESULTS).write_text('{"arm": "a", "se')
    with pytest.raises(InputError, match="move it away, and the same command writes"):
        StudyFolder(tmp_path)


def test_programs_of_what_was_taken_out_go_and_those_of_others_stay(
    tmp_path: Path,
) -> None:
    rows = [{"arm": arm, "seed": 0, "program": arm} for arm in "ab"]
    programs = tmp_path / PROGRAMS
    with closing(StudyFolder(tmp_path)) as folder:
        folder.write_programs([{**row, "simplified": "less"} for row in rows])
        simpler = (programs / "b-0-simplified.opt").read_text()
        assert simpler == "# Found by arm b with seed 0, simplified.\nless"
        (programs / "mine.opt").write_text("# Mine")
        folder.write_programs(rows[:1])
    assert {path.name for path in programs.iterdir()} == {"a-0.opt", "mine.opt"}
