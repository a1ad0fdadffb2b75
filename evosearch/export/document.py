"""What the documentation of an export says, whatever its target."""

from __future__ import annotations

import re
import textwrap

from dsl.float32 import constant_text
from dsl.unparse import unparse
from evosearch.export.trace import Trace


def program_text(found: Trace, indent: int) -> str:
    """The program, without dead code, as lines of documentation."""
    return textwrap.indent(unparse(found.program).rstrip("\n"), " " * indent)


def wrapped(text: str, indent: int, width: int = 88) -> str:
    """A paragraph, its lines after the first indented."""
    return textwrap.fill(
        text,
        width,
        initial_indent="",
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def entry(name: str, text: str, indent: int) -> str:
    """`name: text` of a list of arguments, first line without its indentation."""
    filled = textwrap.fill(
        f"{name}: {text}",
        88,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 4),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.lstrip(" ")


def number(value: float) -> str:
    """A constant, with the fewest digits that read back as the same float32."""
    # ruff and black write an exponent without its plus sign.
    return constant_text(value).replace("e+", "e")


def class_name(name: str) -> str:
    """`adamw_corrected` as `AdamwCorrected`."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", name) if word]
    return "".join(word[0].upper() + word[1:] for word in words)


def function_name(name: str) -> str:
    """`AdamWCorrected` or `adamw-corrected` as a function's name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()


def rate_meaning(forms: str, peak: float, constant_rate: bool) -> str:
    """What the argument for the learning rate stands for.

    Args:
        forms: what it may be given as.
        peak: its value in the program where the schedule is at its peak.
        constant_rate: whether the program was found without a schedule.
    """
    said = (
        f"{forms}. It is all of the rate, peak times schedule: the program's `lr`, "
        "whose peak is 1, times the constant that is the default here."
    )
    if peak == 1.0:
        said = (
            f"{forms}. It multiplies the rates that are among the other constants, or "
            "in the formula: its peak is 1."
        )
    if constant_rate:
        said += " What was found keeps it constant."
    return said
