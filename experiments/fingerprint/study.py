"""Which programs of a run the fingerprint merges, and whether they train alike.

For a run that was made with `search.fingerprint=false`, so that twins were trained too:

    python experiments/fingerprint/study.py RUN --json experiments/fingerprint/NAME.json
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from unittest import mock

import numpy as np

# It lies beside this script, which is no part of a package.
from record import Pair, Record  # type: ignore[import-not-found]

from dsl import Program, fingerprint, unparse
from dsl.fingerprint import VERSION
from dsl.program import Constant, Statement, Variable
from evosearch.threads import use_one_thread

INEXACT = (
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "cos",
    "cosh", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "mean", "power",
    "prod", "sin", "sinh", "sum", "tan", "tanh", "trace",
)  # fmt: skip
"""NumPy functions whose last bits may depend on processor and version."""

ULP = 1.0000001192092896
"""The float32 after 1."""


def merged(record: Record) -> list[list[str]]:
    """Programs that share a fingerprint, in order of making, where several do."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, program in record.programs.items():
        groups[fingerprint(program)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def twins(record: Record, groups: Iterable[list[str]]) -> list[Pair]:
    """The first of each group beside each of the others, on one data seed."""
    pairs = []
    for first, *others in groups:
        for other in others:
            common = set(record.seeds[first]) & set(record.seeds[other])
            seed = min(common or record.seeds[other])
            one, two = record.programs[first], record.programs[other]
            pairs.append(record.pair(one, two, seed))
    return [pair for pair in pairs if pair is not None]


def nudged(record: Record, places: Iterable[tuple[str, int]]) -> list[Pair]:
    """Programs beside themselves with the update an ulp larger: what rounding does."""
    pairs = []
    for name, seed in places:
        program = record.programs[name]
        update, *states = program.outputs
        more = Statement("nudged", "multiply", (Variable(update), Constant(ULP)))
        other = program._replace(
            statements=(*program.statements, more), outputs=("nudged", *states)
        )
        pairs.append(record.pair(program, other, seed))
    return [pair for pair in pairs if pair is not None]


def unmerged(record: Record, groups: list[list[str]], random: Random) -> list[Pair]:
    """A thousand random pairs of programs that are not merged, on a seed of both."""
    group = {name: index for index, group in enumerate(groups) for name in group}
    on_seed = defaultdict(list)
    for name, program in record.programs.items():
        for seed in record.seeds[name]:
            on_seed[seed].append((group.get(name, name), program))
    pairs: list[Pair | None] = []
    while len(pairs) < 1000:
        seed = random.choice(list(on_seed))
        (one_group, one), (other_group, other) = random.choices(on_seed[seed], k=2)
        if one_group != other_group:
            pairs.append(record.pair(one, other, seed))
    return [pair for pair in pairs if pair is not None]


def compared(pairs: list[Pair]) -> dict[str, Any]:
    """What pairs have in common, in numbers."""
    found = sorted(p.difference for p in pairs if not math.isnan(p.difference))
    return {
        "pairs": len(pairs),
        "outcomes": dict(Counter(pair.outcomes for pair in pairs).most_common()),
        "equal bit for bit": sum(each == 0.0 for each in found),
        "to 1e-6": sum(0.0 < each <= 1e-6 for each in found),
        "to 1e-3": sum(1e-6 < each <= 1e-3 for each in found),
        "beyond 1e-3": sum(each > 1e-3 for each in found),
        "median": median(found) if found else None,
        "largest": found[-1] if found else None,
    }


def repeated(record: Record, groups: Iterable[list[str]]) -> int:
    """Trainings on a data seed that a twin was trained on too: what twins save."""
    seeds = [
        Counter(s for name in group for s in record.seeds[name]) for group in groups
    ]
    return sum(count - 1 for each in seeds for count in each.values())


def equal_but_apart(record: Record) -> int:
    """Losses on a data seed that several programs have, counted for all but one."""
    seen: dict[Any, set[str]] = defaultdict(set)
    for name, program in record.programs.items():
        for seed in record.seeds[name]:
            pair = record.pair(program, program, seed)
            if pair is not None and pair.outcomes == "ok / ok":
                seen[seed, pair.results[0].loss].add(fingerprint(program))
    return sum(len(prints) - 1 for prints in seen.values())


def changed_elsewhere(programs: list[Program]) -> int:
    """Fingerprints that change where inexact functions are randomly an ulp off."""
    random = np.random.default_rng(0)

    def other(function: Callable[..., Any]) -> Callable[..., Any]:
        def off(*arguments: Any) -> Any:
            exact = function(*arguments)
            towards = random.choice([-np.inf, np.inf], np.shape(exact))
            keep = (exact == 0.0) | (random.random(np.shape(exact)) < 0.3)
            return np.where(keep, exact, np.nextafter(exact, towards))

        return off

    functions = {name: getattr(np, name) for name in INEXACT}
    others: dict[str, Any] = {
        n: other(f) for n, f in functions.items() if isinstance(f, np.ufunc)
    }
    before = [fingerprint(program) for program in programs]
    with mock.patch.multiple(np, **others):
        after = [fingerprint(program) for program in programs]
    return sum(one != two for one, two in zip(before, after, strict=True))


def study(record: Record) -> tuple[dict[str, Any], list[Pair]]:
    """The figures, and the merged pairs."""
    began = time.process_time()
    groups = merged(record)
    milliseconds = (time.process_time() - began) * 1e3 / len(record.programs)
    pairs = twins(record, groups)
    random = Random(0)
    different = [(pair.one, pair.seed) for pair in pairs if pair.difference > 1e-6]
    first = [(name, record.seeds[name][0]) for name in record.programs]
    learning = [place for place in first if record.learns(*place)]
    programs = record.programs.values()
    inexact = [p for p in programs if any(s.function in INEXACT for s in p.statements)]
    merges = sum(len(group) - 1 for group in groups)
    figures = {
        "task": record.config.tasks[0].task,
        "fingerprint version": VERSION,
        "digests": len(programs),
        "fingerprints": len(programs) - merges,
        "sizes of groups": dict(sorted(Counter(map(len, groups)).items())),
        "trainings in the search": sum(map(len, record.seeds.values())),
        "of them of a twin on the same seed": repeated(record, groups),
        "merged": compared(pairs),
        "merged, that learn": compared(
            [pair for pair in pairs if record.learns(pair.one, pair.seed)]
        ),
        "merged, not compared": merges - len(pairs),
        "nudged, of merged beyond 1e-6": compared(nudged(record, different)),
        "nudged, of 20 that learn": compared(
            nudged(record, random.sample(learning, min(20, len(learning))))
        ),
        "not merged, at random": compared(unmerged(record, groups, random)),
        "not merged, equal on a seed": equal_but_apart(record),
        "with inexact functions": len(inexact),
        "of them changed by an ulp": changed_elsewhere(inexact),
        "milliseconds for each": round(milliseconds, 2),
    }
    return figures, pairs


def main() -> None:
    """Print the figures, the merged pairs that differ, and some that do not."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("run", type=Path)
    options.add_argument("--trainings", type=int, default=60, help="at most so many")
    options.add_argument("--examples", type=int, default=5)
    options.add_argument("--json", type=Path, help="a file for figures and pairs")
    chosen = options.parse_args()
    use_one_thread()
    record = Record(chosen.run, chosen.trainings)
    figures, pairs = study(record)
    print(json.dumps(figures, indent=2))
    sample = Random(1).sample(pairs, min(chosen.examples, len(pairs)))
    for pair in [*(pair for pair in pairs if pair.difference > 1e-6), *sample]:
        print(f"\non data seed {pair.seed}: {pair.results}")
        print(*(unparse(record.programs[n]) for n in (pair.one, pair.other)), sep="\n")
    if chosen.json is not None:
        rows = [
            [p.one[:12], p.other[:12], p.seed]
            + [None if r.outcome != "ok" else r.loss for r in p.results]
            for p in pairs
        ]
        text = json.dumps({**figures, "pairs": "PAIRS"}, indent=1)
        lines = ",\n  ".join(map(json.dumps, rows))
        chosen.json.write_text(text.replace('"PAIRS"', f"[\n  {lines}\n ]") + "\n")


if __name__ == "__main__":
    main()
