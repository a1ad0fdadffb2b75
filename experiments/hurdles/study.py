"""Searches with and without hurdles, and what they found for how many training steps.

    python experiments/hurdles/study.py --seeds 1 2 3

Every search that is done is a line of `searches.jsonl`; those that are there already
are not made again, and one that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from evosearch.fitness import mean_and_error
from evosearch.opening import open_again, open_new
from evosearch.run import run
from evosearch.threads import use_one_thread

HERE = Path(__file__).parent
RESULTS = HERE / "searches.jsonl"
RUNS = HERE.parent / "runs" / "hurdles"
CONFIG = HERE.parents[1] / "configs" / "charlm.yaml"
CHANGES = (
    "tasks.0.arguments.scale=0.1", "search.population=100", "search.tournament=3",
    "search.window=16", "fitness.rotate=300", "budget.minutes=null",
    "workers.executor=inline", "final.candidates=10", "final.test_seeds=16",
)  # fmt: skip
KEPT = (
    "made", "evaluated", "diverged", "hopeless", "steps", "seconds", "trajectory",
    "seed_fresh_mean",
)  # fmt: skip


def arms(evaluations: int, done: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Kinds of search, by name, and their changes; later ones take steps of earlier.

    Args:
        evaluations: programs trained, where it is not the steps that are given.
        done: results with this seed by name; is filled while this is read.
    """
    no_limit = "budget.evaluations=null"
    trained, none = f"budget.evaluations={evaluations}", "hurdles.quantile=null"
    hurdles = "hurdles.quantile=0.3"
    yield "none", [none, trained]
    yield "hurdles", [hurdles, trained]
    yield "hurdles at 0.15", ["hurdles.quantile=0.15", trained]
    fewer, more = (f"budget.steps={done[arm]['steps']}" for arm in ("hurdles", "none"))
    yield "none, steps of hurdles", [none, no_limit, fewer]
    yield "hurdles, steps of none", [hurdles, no_limit, more]


def search(name: str, seed: int, changes: list[str]) -> dict[str, Any]:
    """Make one search, or go on with it; gives its line."""
    path = RUNS / f"{seed}-{name.replace(', ', '-').replace(' ', '-')}"
    if path.exists():
        problem, folder = open_again(path, [], None, "study")
    else:
        every = [*CHANGES, f"seed={seed}", *changes]
        problem, folder = open_new(CONFIG, every, path, "study")
    silent: Any = SimpleNamespace(search=lambda moment: None, judge=lambda *told: None)
    try:
        summary = run(problem, folder, silent, lambda: False)
    finally:
        folder.close()
    best = summary["best"]
    return {
        "seed": seed,
        "arm": name,
        **{key: summary[key] for key in KEPT},
        "search_fitness": best["fitness"],
        "fresh_mean": best["fresh_mean"],
        "fresh_stderr": best["fresh_stderr"],
        "program": best["program"],
    }


def results() -> list[dict[str, Any]]:
    """The lines of all searches that are done."""
    return [json.loads(line) for line in RESULTS.read_text().splitlines()]


def print_table() -> None:
    """Print a row for each arm: means over the seeds, differences to no hurdles."""
    found = results()
    none = {line["seed"]: line for line in found if line["arm"] == "none"}
    for arm in dict.fromkeys(line["arm"] for line in found):
        lines = [line for line in found if line["arm"] == arm and line["seed"] in none]
        pairs = [(line, none[line["seed"]]) for line in lines]
        steps = mean_and_error([ours["steps"] / base["steps"] for ours, base in pairs])
        loss = mean_and_error([ours["fresh_mean"] for ours, _ in pairs])
        more = [ours["fresh_mean"] - base["fresh_mean"] for ours, base in pairs]
        trained = sum(line["evaluated"] for line in lines) / len(lines)
        hopeless = sum(line["hopeless"] for line in lines) / len(lines)
        worse = mean_and_error(more)
        print(
            f"| {arm} | {len(lines)} | {trained:.0f} | {hopeless:.0f} | "
            f"{steps[0]:.2f} | {loss[0]:.4f} +- {loss[1]:.4f} | "
            f"{worse[0]:+.4f} +- {worse[1]:.4f} | {sum(each <= 0.0 for each in more)} |"
        )


def main() -> None:
    """Make the searches that are not there yet."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    options.add_argument("--evaluations", type=int, default=500)
    chosen = options.parse_args()
    use_one_thread()
    RUNS.mkdir(parents=True, exist_ok=True)
    RESULTS.touch()
    for seed in chosen.seeds:
        done = {line["arm"]: line for line in results() if line["seed"] == seed}
        for name, changes in arms(chosen.evaluations, done):
            if name not in done:
                done[name] = search(name, seed, changes)
                # Appended at once, so that several processes can share the seeds.
                with RESULTS.open("a") as file:
                    file.write(json.dumps(done[name]) + "\n")
    print_table()


if __name__ == "__main__":
    main()
