"""What is said of a study: paired differences, and plots that are the same twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evosearch.config import StudyConfig
from evosearch.report.figures import (
    CAPTIONS,
    META,
    Leaders,
    Line,
    Plotted,
    mean_band,
    shares_of,
    write_figures,
)
from evosearch.report.study import each_search, reference_row, result_row, table

STUDY = StudyConfig.model_validate(
    {
        "name": "test",
        "question": "Which?",
        "base": "base.yaml",
        "seeds": [0, 1],
        "arms": [{"name": "evolve"}, {"name": "random", "baseline": True}],
        "references": {"tuned": "adamw"},
    }
)


def row(arm: str, seed: int, loss: float | None) -> dict[str, object]:
    return {
        "arm": arm, "seed": seed, "programs": 10, "steps": 2000, "fitness": -0.5,
        "loss": loss,
    }  # fmt: skip


def summary(gain: float | None, handover: object) -> dict[str, Any]:
    best = {
        "fitness": -0.5, "fresh_mean": 1.0, "fresh_stderr": 0.1, "fresh_gain": gain,
        "fresh_gain_stderr": 0.01, "states": 1, "statements": 5, "digest": "d",
        "program": "def train(w, g, lr):\n    return g\n",
    }  # fmt: skip
    return {
        "made": 10, "evaluated": 5, "steps": 500, "seconds": 1.0, "test_seeds": 4,
        "best": best, "handover": handover,
    }  # fmt: skip


HANDED_OVER = {
    "simplified": {
        "program": "def train(w, g, lr):\n    return g\n",
        "after": {"statements": 3, "states": 1},
        "losses": {"program": {"mean": 0.9, "stderr": 0.1}},
    },
    "identity": {
        "verdict": "method",
        "family": "sign",
        "matches": [{"name": "lion", "similarity": 0.9999}],
    },
    "sentence": "Lion.",
}


def test_each_search_is_told_by_its_difference_to_where_it_started() -> None:
    rows = [
        result_row("evolve", 0, summary(0.25, None)),
        result_row("evolve", 1, summary(None, None)),
    ]
    heading, first, second = each_search(rows)
    assert heading[-1] == "statements"
    assert first == ["evolve", "0", "-0.2500 +- 0.0100", "1", "5"]
    assert second == ["evolve", "1", "failed", "1", "5"]


def test_what_was_simplified_has_its_size_and_its_name() -> None:
    unsimplified = {**HANDED_OVER, "simplified": None}
    rows = [
        result_row("evolve", 0, summary(0.25, HANDED_OVER)),
        result_row("evolve", 1, summary(0.25, unsimplified)),
        result_row("evolve", 2, summary(0.25, None)),
    ]
    assert [row.get("nearest") for row in rows] == ["lion", "lion", None]
    heading, *lines = each_search(rows)
    assert heading[-2:] == ["simplified", "what it is"]
    assert [line[-2:] for line in lines] == [["3", "Lion."], ["-", "Lion."], ["-", "-"]]


def test_differences_are_paired_by_seed() -> None:
    rows = [
        row("evolve", 0, 1.0), row("evolve", 1, 2.0),
        row("random", 0, 1.25), row("random", 1, 2.25),
        reference_row("tuned", "adamw", (1.0, 1.5)),
    ]  # fmt: skip
    heading, evolve, random, tuned = table(STUDY, rows)
    assert heading[-2:] == ["loss minus random", "loss minus tuned"]
    # The seeds differ by 1, which cancels against another arm, not a fixed number.
    assert evolve[-3:] == [
        "1.5000 +- 0.5000",
        "-0.2500 +- 0.0000",
        "+0.2500 +- 0.5000",
    ]
    assert random[-2:] == ["-", "+0.5000 +- 0.5000"]
    assert tuned[0] == "tuned"
    assert tuned[5] == "1.2500 +- 0.2500"
    assert {len(line) for line in (heading, evolve, random, tuned)} == {8}


def test_what_failed_or_is_not_done_is_not_hidden() -> None:
    rows = [row("evolve", 0, 1.0), row("evolve", 1, None)]
    _, evolve, random = table(STUDY, rows)
    assert evolve[1] == "1 of 2"
    assert evolve[5] == "1.0000"
    assert random[1:] == ["0", "-", "-", "-", "-", "-"]
    failed = reference_row("tuned", "adamw", (1.0, float("nan")))
    assert failed["loss"] is None
    assert table(STUDY, [*rows, failed])[-1][5] == "failed"


def curve(end: int, slope: float) -> Plotted:
    programs = [1 + 3 * number for number in range(end)]
    fitness = [-slope * each for each in programs]
    return Plotted(programs, [8 * each for each in programs], fitness, fitness, fitness)


def test_shares_are_of_what_came_between() -> None:
    hits, made = [0, 1, 1, 4], [1, 2, 4, 8]
    assert shares_of(hits, made, 1) == [0.0, 1.0, 0.0, 0.75]
    assert shares_of(hits, made, 2) == [0.0, 0.5, 1 / 3, 0.5]
    assert shares_of(hits, made, 9) == [0.0, 0.5, 0.25, 0.5]


def test_a_band_is_the_mean_of_steps_up_to_the_shortest_run() -> None:
    grid, mean, error = mean_band([curve(5, 1.0), curve(9, 3.0)], "programs", "fitness")
    assert grid[0] == 1
    assert grid[-1] == 13
    assert mean[0] == -2.0
    assert mean[-1] == -26.0
    assert error[-1] == pytest.approx(13.0)
    assert set(mean) == {-2.0 * each for each in (1, 4, 7, 10, 13)}
    _, _, error = mean_band([curve(5, 1.0)], "steps", "fitness")
    assert set(error) == {0.0}


def test_equal_data_are_drawn_as_equal_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    lines = [
        Line("evolve", [curve(5, 1.0), curve(6, 2.0)], False),
        Line("random", [curve(9, 0.5)], True),
    ]
    assert write_figures(lines, tmp_path) == CAPTIONS
    first = {name: (tmp_path / name).read_bytes() for name in CAPTIONS}
    write_figures(lines, tmp_path)
    for name, content in first.items():
        assert (tmp_path / name).read_bytes() == content
        assert b"evolve" in content
    assert b"stroke-dasharray" in first["fitness.svg"]


def test_leaders_are_drawn_for_the_arms_that_have_meta_validation(
    tmp_path: Path,
) -> None:
    pytest.importorskip("matplotlib")
    leaders = Leaders([0, 10, 20], [0.0, -0.2, -0.4], [0.0, float("nan"), 0.1])
    lines = [
        Line("evolve", [curve(5, 1.0)], False, [leaders]),
        Line("random", [curve(9, 0.5)], True),
    ]
    assert set(write_figures(lines, tmp_path)) == {*CAPTIONS, META}
    content = (tmp_path / META).read_bytes()
    for words in (b"meta-validation fitness", b"search fitness", b"evolve"):
        assert words in content
    assert b"random" not in content
    write_figures(lines, tmp_path)
    assert (tmp_path / META).read_bytes() == content
