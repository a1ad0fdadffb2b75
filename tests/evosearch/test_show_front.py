"""`evosearch show --front` of a run that has ended: the front, and how to go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dsl
from evosearch.folder import STORE
from evosearch.store import Store
from tests.command_line import ROOT, evosearch, refused

pytestmark = pytest.mark.slow

RUN = f"""\
name: small
tasks: [{{task: '{ROOT}/tests/tasks/line.py:Line'}}]
search: {{population: 20, window: 8}}
fitness: {{rotate: 50, statement_price: 0.01}}
budget: {{evaluations: 60}}
simplify: {{enabled: false}}
training: {{chunks: 5}}
final: {{candidates: 10, validation_seeds: 2, test_seeds: 2}}
workers: {{executor: inline}}
"""
VALIDATED = {1_000_000_000, 1_000_000_001}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "run.yaml").write_text(RUN)
    answer = evosearch("run", folder / "run.yaml", "--out", folder / "run", "--json")
    assert answer.code == 0, answer.error
    return folder / "run"


def points(run: Path) -> dict[int, tuple[float, int, int]]:
    """Fitness on validation seeds and sizes, of all programs trained there."""
    store = Store.open(run / STORE)
    rows = list(store.programs())
    seed = rows[0].digest

    def losses(digest: str) -> dict[int, float]:
        found = store.trainings_of(digest, "validation")
        return {each.seed: each.loss for each in found if each.outcome == "ok"}

    base, found = losses(seed), {}
    for row in {row.twin or row.digest: row for row in rows}.values():
        ours = losses(row.digest)
        if row.outcome == "ok" and set(ours) >= VALIDATED:
            ratios = [ours[each] / base[each] - 1.0 for each in VALIDATED]
            found[row.number] = (sum(ratios) / 2, row.states, row.live)
    store.close()
    return found


def beaten(mine: tuple[float, ...], all_points: list[tuple[float, ...]]) -> bool:
    return any(
        other != mine and all(a <= b for a, b in zip(other, mine, strict=True))
        for other in all_points
    )


def shown(run: Path, *options: str) -> list[dict[str, Any]]:
    answer = evosearch("show", run, "--front", *options, "--json")
    assert answer.code == 0, answer.error
    found: list[dict[str, Any]] = json.loads(answer.output)
    return found


def test_the_front_is_that_of_brute_force_over_the_store(run: Path) -> None:
    known = points(run)
    assert len(known) > 10, "smaller ones were trained too"
    expected = {n for n, each in known.items() if not beaten(each, [*known.values()])}
    told = shown(run)
    assert {each["number"] for each in told} == expected
    assert all(set(each) == KEYS for each in told)
    for each in told:
        assert each["fitness"] == pytest.approx(known[each["number"]][0], abs=1e-9)
        assert each["step_time"] is None
        assert dsl.digest(dsl.parse(each["program"])) == each["digest"]


KEYS = {
    "number", "digest", "fitness", "stderr", "seeds", "states", "statements",
    "step_time", "program",
}  # fmt: skip


def test_with_times_the_front_holds_at_least_as_much(run: Path) -> None:
    known = points(run)
    plain, timed = (
        {known[each["number"]] for each in shown(run, *options)}
        for options in ((), ("--times",))
    )
    assert plain <= timed
    assert "step time" in evosearch("show", run, "--front", "--times").output


def test_the_table_says_how_to_see_a_program(run: Path) -> None:
    told = shown(run)
    printed = evosearch("show", run, "--front").output
    assert "on 2 validation seeds" in printed
    assert "step time" not in printed
    for each in told:
        assert f"{each['fitness']:+.4f}" in printed
    command = printed.rstrip().rpartition("to see a program: evosearch ")[2]
    answer = evosearch(*command.split())
    assert answer.output.rstrip().endswith(told[0]["program"].rstrip())


def test_what_does_not_go_together_is_refused(run: Path) -> None:
    assert refused("show", run, "--times").startswith("--times: has a meaning with")
    both = refused("show", run, "--front", "--uses", "sign")
    assert both == "show takes either --uses or --front: give one of them"
    assert refused("show", run, "--number", "99999") == (
        "--number: the run has no program 99999: name another"
    )
    assert evosearch("show", run, "--number", str(2**63)).code == 2
