"""A study's or funnel's folder: `runs`, which git ignores, and what is worth keeping.

One process at a time writes into it, and over nothing that was not its own before.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from evosearch.errors import InputError
from evosearch.folder import CONFIG, STORE, hold
from evosearch.study.curve import Point

CURVES, RESULTS, README = "curves.csv", "results.jsonl", "README.md"
META = "meta.csv"
PROGRAMS = "programs"
STUDY, FUNNEL = ("arm", "reference"), ("stage",)
"""Keys of which each row of `results.jsonl` has one."""
KEPT = (
    "what was found before is more than this, so it stays until all of it is done again"
)

MARKER = "<!-- What is below this line is written by hand, and kept. -->"
_FOUND_BY = "# Found by arm "
"""What a study's programs begin with."""
_BELOW = "\n## Conclusion\n\nNot written yet.\n"


class StudyFolder:
    """Writes what was found; each file is replaced whole.

    This process holds the folder until `close`.

    Args:
        path: where it is, or is made.
        kind: of the rows that it keeps, `STUDY` or `FUNNEL`.
        names: of the files that will be written, beside the README.

    Raises:
        InputError: the folder cannot be made, another process holds it, or what is in
            it is a run's, another kind's, or may be somebody's own.
    """

    def __init__(
        self,
        path: Path,
        kind: Collection[str] = STUDY,
        names: Sequence[str] = (RESULTS, CURVES, META),
    ) -> None:
        self.path = path
        self._refuse_what_is_not_ours(kind, names)
        try:
            (path / "runs").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be made ({error.strerror}): name another with --out"
            ) from None
        self._lock = hold(path / "runs")

    def close(self) -> None:
        """Let go of the folder."""
        self._lock.close()

    def write(self, name: str, text: str) -> None:
        """Write a file; a reader sees the old one or the new one, whole.

        Raises:
            InputError: it cannot be written.
        """
        path = self.path / name
        part = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(exist_ok=True)
            try:
                part.write_text(text, encoding="utf-8")
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be written ({error.strerror}): mend that; "
                f"what was trained is kept in {self.path / 'runs'}, and the same "
                "command writes this again"
            ) from None

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

    def has_more_than(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether `results.jsonl` has rows of an earlier time that these lack."""
        results = self.path / RESULTS
        before = _rows_of(results) if results.is_file() else []
        return not set(map(_what, before)) <= set(map(_what, rows))

    def write_programs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write what each run chose, and that simplified, as programs to read.

        Those of runs that the study had before, and has no more, go.
        """
        names = set()
        for row in rows:
            found = {"": row["program"], "-simplified": row.get("simplified")}
            what = f"{_FOUND_BY}{row['arm']} with seed {row['seed']}"
            for ending, program in found.items():
                if program is not None:
                    name = f"{PROGRAMS}/{row['arm']}-{row['seed']}{ending}.opt"
                    self.write(name, f"{what}{ending.replace('-', ', ')}.\n{program}")
                    names.add(self.path / name)
        for path in {*(self.path / PROGRAMS).glob("*.opt")} - names:
            if path.read_bytes().startswith(_FOUND_BY.encode()):
                path.unlink()

    def write_readme(self, page: str) -> None:
        """Write `README.md`; what stands below its marker stays as it is."""
        self.write(README, f"{page.rstrip()}\n\n{MARKER}\n{self._below()}")

    def _below(self) -> str:
        """What was written by hand."""
        path = self.path / README
        if not path.exists():
            return _BELOW
        try:
            text = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            raise InputError(
                f"{path}: is no UTF-8 text that can be read, and README.md is written "
                "there: move it away, or name another folder with --out"
            ) from None
        _, marker, below = text.partition(MARKER)
        if not marker:
            raise InputError(
                f"{path}: has no line `{MARKER}`, so all of it may be written by "
                "hand: add that line above what is to stay, or move the file away"
            )
        return below.removeprefix("\n")

    def _refuse_what_is_not_ours(
        self, kind: Collection[str], names: Sequence[str]
    ) -> None:
        other = "name another folder with --out"
        if (self.path / CONFIG).is_file() and (self.path / STORE).is_file():
            raise InputError(f"{self.path}: is the folder of a run: {other}")
        self._below()
        found = [name for name in names if (self.path / name).exists()]
        # The README is written before all of them.
        if found and not (self.path / README).exists():
            raise InputError(
                f"{self.path / found[0]}: is there, but no {README} of a study or "
                f"funnel, so it may be your own: move it away, or {other}"
            )
        results = self.path / RESULTS
        if results.is_file() and not _has_rows_of(results, kind):
            raise InputError(
                f"{results}: is what a {'study' if kind == FUNNEL else 'funnel'} found "
                f"or something else: {other}"
            )


def _what(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a row is of."""
    return tuple(map(row.get, ("arm", "seed", "reference", "stage", "label")))


def _rows_of(results: Path) -> list[Any]:
    return [json.loads(line) for line in results.read_bytes().splitlines()]


def _has_rows_of(results: Path, kind: Collection[str]) -> bool:
    """Whether all of its rows are of this kind.

    Raises:
        InputError: one cannot be read.
    """
    try:
        rows = _rows_of(results)
    except ValueError:
        raise InputError(
            f"{results}: cannot be read as lines of JSON: move it away, and the same "
            "command writes it again, or name another folder with --out"
        ) from None
    return all(
        isinstance(row, dict) and not row.keys().isdisjoint(kind) for row in rows
    )
