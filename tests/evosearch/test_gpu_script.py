"""`experiments/gpu.py` measures what it says; here on a CPU, on a small task."""

import json
import subprocess
import sys

import pytest

from tests.command_line import ROOT

pytestmark = pytest.mark.slow


def test_the_script_measures_slots() -> None:
    task = f"{ROOT}/tests/tasks/line.py:Line"
    command = [sys.executable, f"{ROOT}/experiments/gpu.py", "--json", "--task", task]
    command += ["--slots", "2", "--minutes", "10"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    figures = json.loads(run.stdout)
    (row,) = figures["rows"]
    assert row["slots"] == 2
    assert row["over one core"] == row["candidates a second"] / figures["core"] > 0.0
    assert row["step, ms"] > 0.0
    assert row["share of the update"] < 1.0
    assert figures["largest difference"] < 1e-4
    assert figures["left out"] == []
