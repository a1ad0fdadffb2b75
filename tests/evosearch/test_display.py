"""What a run shows: the facts, now and then, and no line where it would be repeated."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace

from rich.console import Console

from evosearch.config import BudgetConfig
from evosearch.counts import Counts
from evosearch.display import Display, _Pace
from evosearch.meta_validation import Look
from evosearch.rows import ProgramRow
from evosearch.run import Moment

BEST = ProgramRow(
    number=7, text="", digest="", fingerprint=None, twin=None, parent=0,
    mutation="insert", outcome="ok", reason="", fitness=-0.25, duplicate=False,
    statements=3, live=3, states=0, seconds=1.0,
)  # fmt: skip


def moment(seconds: float, made: int, replayed: int = 0) -> Moment:
    """Half of the children are duplicates and a third of the statements dead."""
    counts = Counts(made=made, duplicates=made // 2, evaluated=made - made // 2)
    counts.twins = made // 10
    counts.replayed, counts.statements, counts.live = replayed, 3 * made, 2 * made
    counts.outcomes.update(diverged=2, hopeless=3)
    counts.rejected.update(unbound=5, arity=1)
    return Moment(counts, BEST, seconds, seconds, 2)


def shown(*moments: Moment, programs: int = 100) -> list[str]:
    """The lines after the first, which says that the run starts."""
    output = io.StringIO()
    with Display(BudgetConfig(programs=programs), Console(file=output)) as display:
        for each in moments:
            display.search(each)
    return output.getvalue().splitlines()[1:]


def test_a_line_after_2_seconds_and_every_15_and_at_the_end() -> None:
    times = [0.0, 1.9, 2.0, 16.9, 17.0, 31.9, 32.0, 40.0]
    made = [f"made {10 + count} " for count in range(len(times))]
    lines = shown(*(moment(each, 10 + count) for count, each in enumerate(times)))
    expected = [made[index] for index in (2, 4, 6, 7)]
    for line, told in zip(lines, expected, strict=True):
        assert told in line


def test_the_end_of_a_short_search_is_told_before_what_comes_after_it() -> None:
    output = io.StringIO()
    with Display(BudgetConfig(programs=9), Console(file=output)) as display:
        for made in range(1, 9):
            display.search(moment(0.1 * made, made))
        display.judge("judging", 0, 3)
    _, search, judging = output.getvalue().splitlines()
    assert "made 8 " in search
    assert judging == "judging: 0 of 3 programs"


def test_what_a_line_says() -> None:
    (line,) = shown(moment(0.0, 10), moment(20.0, 50))
    assert line == (
        "progress 50%, time left 0:25 min; best fitness -0.2500 (child 7); "
        "made 50 (2.0 a second); trained 25 (1.0 a second, workers: 2); "
        "cache hits 50% (twins 5); dead statements 33%; diverged 2; "
        "hopeless 3; "
        "invalid 6 (unbound 5, arity 1)"
    )


def test_a_line_says_how_the_leader_does_on_held_out_tasks() -> None:
    looks = [Look(30, 9, "d", -0.5, each) for each in ((-0.1, -0.3), (0.1, math.inf))]
    for look, told in zip(looks, ("-0.2000 +- 0.1000", "failed"), strict=True):
        (line,) = shown(replace(moment(0.0, 50), look=look))
        assert f"; meta-validation {told} (child 30); made 50" in line


def test_time_left_is_measured_after_the_replay() -> None:
    replayed = [moment(seconds, 40, replayed=40) for seconds in (0.0, 1.0)]
    line = shown(*replayed, moment(21.0, 60, replayed=40))[-1]
    assert re.search(r"time left 0:40 min", line)
    assert "made 60 (1.0 a second)" in line


def test_a_line_is_printed_as_it_is() -> None:
    output = io.StringIO()
    display = Display(BudgetConfig(programs=1), Console(file=output, width=20))
    display.say("run folder: [red]" + "long " * 9)
    assert output.getvalue() == "run folder: [red]" + "long " * 9 + "\n"


def test_a_terminal_shows_a_table() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100)
    with Display(BudgetConfig(programs=100), console) as display:
        display.search(moment(1.0, 10))
        display.judge("choosing on validation seeds", 3, 40)
    assert "-0.2500 (child 7)" in output.getvalue()
    assert "choosing on validation seeds: 3 of 40 programs" in output.getvalue()


def test_a_pace_is_that_of_late_and_not_of_the_first_compilation() -> None:
    pace = _Pace()
    assert pace.told("tuning", 0, 100, 0.0) == ""
    assert pace.told("tuning", 1, 100, 60.0) == ""  # compiled
    told = pace.told("tuning", 3, 100, 61.0)
    assert told == " (2 a second, time left 0:48 min)"
    for done in range(4, 80):  # slower by now
        told = pace.told("tuning", done, 100, 61.0 + 2.0 * (done - 3))
    assert told == " (0.5 a second, time left 0:42 min)"
    assert pace.told("tuning", 100, 100, 300.0) == ""
    assert pace.told("fresh seeds", 5, 8, 301.0) == ""  # of other work
