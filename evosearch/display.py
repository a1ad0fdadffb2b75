"""What a run shows while it works: a live view on a terminal, else a line now and then.

All of it goes to standard error, so that standard output is the result alone.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from evosearch.config import BudgetConfig
from evosearch.run import Moment

_FRAME_SECONDS, _FIRST_SECONDS, _LINE_SECONDS = 0.25, 2.0, 15.0
"""Between frames on a terminal; else until the first line, and between lines."""
_MOMENTS = 33
"""That a pace is told by: those before may have come from a store, in no time."""


@dataclass(frozen=True, slots=True)
class _Base:
    """Where this process began to train: after the replay of a resumed run."""

    seconds: float
    made: int
    evaluated: int
    progress: float


class Display:
    """Tells a person how a run goes on; a context manager, and `run`'s `Watcher`.

    Args:
        budget: of the search; None where there is no search.
        console: where to; standard error if it is not said.
    """

    def __init__(
        self, budget: BudgetConfig | None = None, console: Console | None = None
    ) -> None:
        self._budget = budget
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._shown = _FIRST_SECONDS - _LINE_SECONDS
        self._unsaid: Moment | None = None
        self._base: _Base | None = None
        self._pace = _Pace()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        what = "the program" if self._budget is None else "the seed program"
        self.say(f"starting: compiling the task, then training {what}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._say_the_last()
        self._live.stop()

    def say(self, line: str) -> None:
        """Print a line."""
        self._console.print(
            line, style="dim", markup=False, highlight=False, soft_wrap=True
        )

    def search(self, moment: Moment) -> None:
        """Show where the search is, if it is time to."""
        counts = moment.counts
        if self._base is None or counts.made <= counts.replayed:
            progress = self._progress(moment)
            self._base = _Base(moment.seconds, counts.made, counts.evaluated, progress)
        if self._due(moment.seconds):
            self._show(moment, self._base)
        else:
            self._unsaid = moment

    def _show(self, moment: Moment, base: _Base) -> None:
        self._unsaid = None
        facts = self._facts(moment, base, self._progress(moment))
        if self._console.is_terminal:
            self._live.update(_grid(facts), refresh=True)
        else:
            self.say("; ".join(f"{name} {value}" for name, value in facts))

    def _say_the_last(self) -> None:
        """Print where the search ended, if that was not its time."""
        if self._unsaid and self._base and not self._console.is_terminal:
            self._show(self._unsaid, self._base)

    def judge(self, what: str, done: int, total: int) -> None:
        """Show how far the final comparison is."""
        self._say_the_last()
        line = f"{what}: {done} of {total} programs" if total else what
        line += self._pace.told(what, done, total, time.monotonic())
        if self._console.is_terminal:
            self._live.update(Text(line), refresh=True)
        elif self._due(time.monotonic()) or done == 0:
            self.say(line)

    def _due(self, seconds: float) -> bool:
        pause = _FRAME_SECONDS if self._console.is_terminal else _LINE_SECONDS
        due = seconds - self._shown >= pause
        self._shown = seconds if due else self._shown
        return due

    def _progress(self, moment: Moment) -> float:
        """Share of the budget that is used up, by the limit nearest to its end."""
        counts, budget = moment.counts, self._budget
        assert budget is not None, "a search has a budget"
        limits = (
            (counts.made, budget.programs),
            (counts.evaluated, budget.evaluations),
            (counts.steps, budget.steps),
            (moment.elapsed / 60.0, budget.minutes),
        )
        return min(1.0, max(used / limit for used, limit in limits if limit))

    def _facts(
        self, moment: Moment, base: _Base, progress: float
    ) -> list[tuple[str, str]]:
        counts, best = moment.counts, moment.best
        seconds = max(moment.seconds - base.seconds, 1e-9)
        done = progress - base.progress
        left = seconds * (1.0 - progress) / done if done > 0.0 else None
        dead = 1.0 - counts.live / max(counts.statements, 1)
        reasons = ", ".join(
            f"{reason} {number:,}" for reason, number in counts.rejected.most_common(4)
        )
        invalid = f"{counts.rejected.total():,}" + (f" ({reasons})" if reasons else "")
        facts = [
            ("progress", f"{progress:.0%}, time left {_clock(left)}"),
            ("best fitness", f"{best.fitness:+.4f} (child {best.number:,})"),
            (
                "made",
                f"{counts.made:,} ({(counts.made - base.made) / seconds:.1f} a second)",
            ),
            (
                "trained",
                f"{counts.evaluated:,} "
                f"({(counts.evaluated - base.evaluated) / seconds:.1f} a second, "
                f"workers: {moment.workers})",
            ),
            (
                "cache hits",
                f"{counts.duplicates / max(counts.made, 1):.0%} "
                f"(twins {counts.twins:,})",
            ),
            ("dead statements", f"{dead:.0%}"),
            ("diverged", f"{counts.outcomes['diverged']:,}"),
            ("hopeless", f"{counts.outcomes['hopeless']:,}"),
            ("invalid", invalid),
        ]
        if moment.look is not None:
            mean, error = moment.look.fitness
            told = f"{mean:+.4f} +- {error:.4f}" if math.isfinite(mean) else "failed"
            told += f" (child {moment.look.child:,})"
            facts.insert(2, ("meta-validation", told))
        return facts


class _Pace:
    """How fast programs of one kind of work were settled of late."""

    def __init__(self) -> None:
        self._what = ""
        self._moments: deque[tuple[float, int]] = deque(maxlen=_MOMENTS)

    def told(self, what: str, done: int, total: int, now: float) -> str:
        """Programs a second and the time left; empty while there is nothing to tell."""
        if what != self._what:
            self._what = what
            self._moments.clear()
        if done:  # the first takes a compilation, too
            self._moments.append((now, done))
        if len(self._moments) < 2 or done >= total:
            return ""
        (began, before), (now, done) = self._moments[0], self._moments[-1]
        if now <= began or done <= before:
            return ""
        rate = (done - before) / (now - began)
        return f" ({rate:.2g} a second, time left {_clock((total - done) / rate)})"


def _grid(facts: list[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        grid.add_row(f"[bold]{name}[/]", value)
    return grid


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min"
