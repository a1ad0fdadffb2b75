"""Seconds from the start of `evosearch run` to its first result, cold cache and warm.

`python experiments/driver/start.py configs/smoke.yaml`: each run is a process of its
own, stopped after its first child; the seed program is trained before that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from evosearch.opening import open_new
from evosearch.run import run
from evosearch.threads import use_one_thread


def main() -> None:
    """Print a line for each executor and state of the cache."""
    config = sys.argv[1]
    if len(sys.argv) == 3:
        first_result(config, sys.argv[2])
        return
    for executor in ("inline", "ray"):
        with TemporaryDirectory() as cache:
            taken = [seconds(config, executor, cache) for _ in range(2)]
        cold, warm = taken
        print(
            f"{executor}: cold {cold[0]:.1f} s ({cold[1]:.1f} s of CPU), warm "
            f"{warm[0]:.1f} s ({warm[1]:.1f} s of CPU), cold / warm "
            f"{cold[0] / warm[0]:.1f} ({cold[1] / warm[1]:.1f})",
            flush=True,
        )


def seconds(config: str, executor: str, cache: str) -> tuple[float, float]:
    """Wall and CPU seconds of a process up to its first result, and its end."""
    began, before = time.monotonic(), os.times()
    command = [sys.executable, __file__, config, executor]
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return float(done.stdout.splitlines()[-1]) - began, used


def first_result(config: str, executor: str) -> None:
    """Run up to the first child and print the moment on the machine's clock."""
    use_one_thread()
    told: list[float] = []

    def stopped() -> bool:
        told.append(time.monotonic())
        return True

    silent = SimpleNamespace(search=lambda moment: None, judge=lambda *_: None)
    with TemporaryDirectory() as place:
        changes = [f"workers.executor={executor}"]
        problem, folder = open_new(Path(config), changes, Path(place) / "run", "start")
        run(problem, folder, silent, stopped)
        folder.close()
    print(told[0])


if __name__ == "__main__":
    main()
