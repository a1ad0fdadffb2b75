"""`make fuzz`: texts, programs and functions by the thousand, until a law breaks.

Every number of every kind is made from the seed, so that what was found is found again
by `--only`. The exit code is 1 where something was found, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial

from tests.fuzz.blocks import SIZES, Block, Finder, Found, blocks_of
from tests.fuzz.processes import check_all, use_strict_jax
from tests.fuzz.tally import Tally

PROGRAMS_A_ROUND = 2000
"""Programs for each round of all functions."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    chosen = _options().parse_args(arguments)
    if chosen.only:
        blocks = chosen.only
        results = _in_this_process(blocks, chosen.seed)
    else:
        rounds = -(-chosen.programs // PROGRAMS_A_ROUND)
        counts = {"texts": chosen.texts, "programs": chosen.programs}
        blocks = blocks_of({**counts, "functions": rounds})
        results = check_all(blocks, chosen.seed, chosen.processes)
    tally = Tally(chosen.seed, blocks)
    before = signal.signal(signal.SIGINT, partial(_interrupt, tally))
    try:
        _follow(results, tally)
    except KeyboardInterrupt:
        tally.interrupted = True
    finally:
        results.close()
        signal.signal(signal.SIGINT, before)
    print(json.dumps(tally.summary()) if chosen.as_json else tally.story())
    if tally.failures:
        return 1
    return 130 if tally.interrupted else 0


def _interrupt(tally: Tally, number: int, frame: object) -> None:
    """Ctrl-C; what is raised while Python finalises an object would be lost."""
    tally.interrupted = True
    raise KeyboardInterrupt


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    for kind, count in (("texts", 25_000), ("programs", 2_500)):
        options.add_argument(f"--{kind}", type=_count, default=count, metavar="N")
    options.add_argument("--seed", type=_count, default=0, metavar="S")
    options.add_argument(
        "--processes", type=int, default=2, choices=range(1, 65), metavar="N"
    )
    options.add_argument(
        "--only",
        type=_blocks,
        metavar="KIND:N,...",
        help="check these alone, as a failure names them",
    )
    options.add_argument("--json", action="store_true", dest="as_json")
    return options


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no number from 0")
    return int(text)


def _blocks(text: str) -> list[Block]:
    """`texts:17,programs:3` as blocks of one."""
    found = []
    for part in text.split(","):
        kind, _, number = part.partition(":")
        if kind not in SIZES or not number.isdecimal():
            kinds = ", ".join(SIZES)
            message = f"write a kind of {kinds} and a number, as in texts:17"
            raise argparse.ArgumentTypeError(message)
        found.append(Block(kind, int(number), 1))
    return found


def _in_this_process(blocks: Sequence[Block], seed: int) -> Iterator[Found | None]:
    finder = Finder(seed)
    for block in blocks:
        yield finder.check(block, lambda number: None)


def _follow(results: Iterator[Found | None], tally: Tally) -> None:
    """Count what comes in, and tell how far it is: on a terminal in one line."""
    is_terminal = sys.stderr.isatty()
    start, end = ("\r\x1b[K", "") if is_terminal else ("", "\n")
    told = -math.inf
    for found in results:
        if tally.interrupted:
            raise KeyboardInterrupt
        if found is None:
            continue
        for failure in tally.add(found):
            print(f"{start}FOUND {failure.problem}", file=sys.stderr, flush=True)
        if time.monotonic() - told >= (1.0 if is_terminal else 10.0):
            told = time.monotonic()
            line = f"{start}{tally.progress()}"
            print(line, end=end, file=sys.stderr, flush=True)
    if is_terminal:
        print(file=sys.stderr)


if __name__ == "__main__":
    use_strict_jax()
    sys.exit(main())
