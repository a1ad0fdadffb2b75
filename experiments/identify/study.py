"""Is `identify` ever sure of something false? Mutants of known optimizers say.

A mutant is a known optimizer after one to six mutations as in a search. What is said
of it is held against streams that neither fits nor verdicts have seen: made up with
other seeds and four times as long.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from dsl.functions import SETS
from dsl.interpret import uses_matrices
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.identify import SURE_ANYWHERE, identify, similarities
from evosearch.identify.known import KNOWN
from evosearch.identify.streams import KINDS, at_peak, made_up
from evosearch.identify.updates import updates_of, updates_of_known
from evosearch.mutate import Odds, mutate

MUTANTS, MOST_MUTATIONS = 200, 6
FRESH_STEPS = 200

MARGIN = 0.01
"""By so much the similarity that is reported may be too large."""


def mutant(number: int) -> tuple[str, int, Program]:
    """A mutant by its number: its parent, its mutations and itself."""
    random = Random(f"mutant {number}")
    parent = KNOWN[number % len(KNOWN)]
    mutations = random.randint(1, MOST_MUTATIONS)
    functions = SETS["lion"] + (SETS["matrix"] if parent.has_matrices else ())
    program = parent.program
    for _ in range(mutations):
        program = mutate(program, random, Odds(), 60, functions).program
    return parent.name, mutations, program


def told(number: int) -> dict[str, Any]:
    """What is said of a mutant, and what fresh streams say of that."""
    parent, mutations, program = mutant(number)
    start = time.process_time()
    found = identify(program)
    seconds = time.process_time() - start
    row = {
        "mutant": number,
        "parent": parent,
        "mutations": mutations,
        "verdict": str(found.verdict),
        "at_peak": found.at_peak,
        "matrices": uses_matrices(prune(program)),
        "seconds": round(seconds, 2),
        "program": unparse(prune(program)),
    }
    if not found.matches:
        return row
    best = found.matches[0]
    values = {name: np.array([value]) for name, value in best.constants.items()}
    fresh = [made_up(kind, 1000 + number, FRESH_STEPS) for kind in KINDS]
    if found.at_peak:
        fresh = [*map(at_peak, fresh)]
    updates = np.stack([updates_of(program, stream) for stream in fresh])
    seen = similarities(updates, updates_of_known(best.known, values, fresh)[0])
    ordinary = np.array([stream.is_ordinary for stream in fresh])
    return row | {
        "named": best.known.name,
        "constants": dict(best.constants),
        "similarity": best.similarity,
        "least": best.least,
        "least_on": best.least_on,
        "fresh_similarity": float(seen[ordinary].mean()),
        "fresh_least": float(seen.min()),
        "fresh_least_on": fresh[int(np.argmin(seen))].name,
    }


def is_false(row: dict[str, Any]) -> bool:
    """Whether fresh streams contradict what was said."""
    if row["verdict"] == "is":
        return bool(row["fresh_least"] < SURE_ANYWHERE)
    if row["verdict"] == "family":
        return bool(row["fresh_similarity"] < row["similarity"] - MARGIN)
    return False


def summary(rows: list[dict[str, Any]]) -> None:
    """Print the counts, and each row that fresh streams contradict."""
    verdicts = Counter(row["verdict"] for row in rows)
    print(f"{len(rows)} mutants: {dict(verdicts)}")
    for verdict in ("is", "family"):
        of = [row for row in rows if row["verdict"] == verdict]
        if not of:
            continue
        as_parent = sum(row["named"] == row["parent"] for row in of)
        print(
            f"{verdict}: {as_parent} by the parent's name; fresh similarity "
            f"{min(row['fresh_similarity'] for row in of):.5f} at least, on one stream "
            f"{min(row['fresh_least'] for row in of):.5f} at least; "
            f"false: {sum(map(is_false, of))}"
        )
    seconds = sorted(r["seconds"] for r in rows if not r["matrices"])
    print(
        f"seconds without matrices: median {seconds[len(seconds) // 2]}, "
        f"most {seconds[-1]}"
    )
    for row in filter(is_false, rows):
        print(json.dumps({k: v for k, v in row.items() if k != "program"}))


def main() -> None:
    """Study some mutants and add them to a file, or sum one up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="rows, a line each")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    arguments = parser.parse_args()
    done = {row["mutant"] for row in rows_of(arguments.files)}
    with arguments.files[0].open("a") as file:
        last = arguments.first + arguments.count
        for number in sorted(set(range(arguments.first, last)) - done):
            file.write(json.dumps(told(number)) + "\n")
            file.flush()
    summary(rows_of(arguments.files))


def rows_of(paths: list[Path]) -> list[dict[str, Any]]:
    """The rows of all files, in the order of their mutants."""
    lines = [line for path in paths if path.exists() for line in path.open()]
    return sorted(map(json.loads, lines), key=lambda row: row["mutant"])


if __name__ == "__main__":
    main()
