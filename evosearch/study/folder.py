"""A study's folder: runs that git ignores, and beside them what is worth keeping."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evosearch.errors import InputError
from evosearch.study.curve import Point

CURVES, RESULTS, README = "curves.csv", "results.jsonl", "README.md"
META = "meta.csv"
PROGRAMS = "programs"

MARKER = "<!-- What is below this line is written by hand, and kept. -->"
_BELOW = "\n## Conclusion\n\nNot written yet.\n"


class StudyFolder:
    """Writes what a study found; each file is replaced whole.

    Raises:
        InputError: the folder cannot be made, or there is a README.md without the
            marker, so that all of it may be somebody's own.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._below()
        try:
            (path / "runs").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be made ({error.strerror}): name another with --out"
            ) from None

    def write(self, name: str, text: str) -> None:
        """Write a file; a reader sees the old one or the new one, whole."""
        path = self.path / name
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)

    def write_curves(self, curves: Mapping[tuple[str, int], Sequence[Point]]) -> None:
        """Write the points of the runs, by arm and seed, to `curves.csv`."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("arm", "seed", *Point._fields))
        for (arm, seed), points in curves.items():
            # Six digits of a fitness are more than a plot shows.
            writer.writerows(
                (arm, seed, *point[:-1], f"{point.fitness:.6g}") for point in points
            )
        self.write(CURVES, text.getvalue())

    def write_looks(
        self, looks: Mapping[tuple[str, int], Sequence[Mapping[str, Any]]]
    ) -> None:
        """Write those looks of meta-validation, by arm and seed, to `meta.csv`.

        As a run's summary has them; what failed has no fitness. Without looks there is
        no file.
        """
        names = ("child", "steps", "search_fitness", "fitness", "stderr")
        rows = [
            (arm, seed, *(look[name] for name in names))
            for (arm, seed), each in looks.items()
            for look in each
        ]
        if not rows:
            (self.path / META).unlink(missing_ok=True)
            return
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("arm", "seed", *names))
        writer.writerows(rows)
        self.write(META, text.getvalue())

    def write_results(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write a line for each run and each reference to `results.jsonl`."""
        lines = [f"{json.dumps(row, allow_nan=False)}\n" for row in rows]
        self.write(RESULTS, "".join(lines))

    def write_programs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write what each run chose, and that simplified, as programs to read."""
        folder = self.path / PROGRAMS
        folder.mkdir(exist_ok=True)
        for row in rows:
            found = {"": row["program"], "-simplified": row.get("simplified")}
            what = f"# Found by arm {row['arm']} with seed {row['seed']}"
            for ending, program in found.items():
                if program is not None:
                    name = f"{PROGRAMS}/{row['arm']}-{row['seed']}{ending}.opt"
                    self.write(name, f"{what}{ending.replace('-', ', ')}.\n{program}")

    def write_readme(self, page: str) -> None:
        """Write `README.md`; what stands below its marker stays as it is."""
        self.write(README, f"{page.rstrip()}\n\n{MARKER}\n{self._below()}")

    def _below(self) -> str:
        """What was written by hand."""
        path = self.path / README
        if not path.exists():
            return _BELOW
        _, marker, below = path.read_text(encoding="utf-8").partition(MARKER)
        if not marker:
            raise InputError(
                f"{path}: has no line `{MARKER}`, so all of it may be written by "
                "hand: add that line above what is to stay, or move the file away"
            )
        return below.removeprefix("\n")
