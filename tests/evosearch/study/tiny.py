"""A study of two arms and two seeds that takes a second or two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evosearch.study.folder import RESULTS
from tests.command_line import ROOT, Answer, evosearch

BASE = f"""\
name: base
tasks: [{{task: '{ROOT}/tests/tasks/line.py:Line'}}]
search: {{population: 10, window: 4}}
fitness: {{rotate: 50}}
budget: {{evaluations: 1000}}
training: {{chunks: 5}}
final: {{candidates: 2, validation_seeds: 1, test_seeds: 3}}
workers: {{executor: inline}}
"""
STUDY = """\
name: tiny
question: Does it work?
base: {0}/base.yaml
settings: {{budget.evaluations: 25}}
seeds: [3, 4]
arms:
  - name: evolve
  - name: constants
    baseline: true
    settings: {{search.mode: constants, budget.evaluations: 15}}
references: {{plain: adamw, sign: signum}}
"""


def write_tiny(folder: Path) -> None:
    """Write its configs."""
    (folder / "base.yaml").write_text(BASE)
    (folder / "study.yaml").write_text(STUDY.format(folder))


def study(configs: Path, out: Path, *options: str) -> Answer:
    return evosearch("study", configs / "study.yaml", "--out", out, *options)


def results(out: Path) -> list[dict[str, Any]]:
    """What was found, without how long it took."""
    lines = (out / RESULTS).read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [{k: v for k, v in row.items() if k != "seconds"} for row in found]
