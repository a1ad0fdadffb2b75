"""`identify`: what a program behaves like, told as data and printed."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from evosearch.identify import Identity, Match, Verdict

SHOWN = 5
"""Rows that are printed."""

NEAR = 0.5
"""A similarity under which even the nearest is not worth a name."""


def identity_told(identity: Identity) -> dict[str, Any]:
    """What `identify --json` prints: the verdict and all matches, best first."""
    return {
        "verdict": str(identity.verdict),
        "family": identity.family,
        "at_peak": identity.at_peak,
        "matches": [_told(match) for match in identity.matches],
    }


def _told(match: Match) -> dict[str, Any]:
    return {
        "name": match.known.name,
        "title": match.known.title,
        "family": match.known.family,
        "similarity": match.similarity,
        "least": match.least,
        "least_on": match.least_on,
        "constants": dict(match.constants),
    }


def print_identity(identity: Identity) -> None:
    """Print the verdict as a sentence and the nearest known optimizers."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(sentence(identity))
    if not identity.matches:
        return
    rows = [
        (
            match.known.title,
            f"{match.similarity:.4f}",
            f"{match.least:.4f} ({match.least_on})",
            constants_text(match),
        )
        for match in identity.matches[:SHOWN]
    ]
    rows.insert(0, ("optimizer", "similarity", "least", "fitted constants"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    console.print()
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        console.print("  ".join(cells).rstrip(), markup=False)


def sentence(identity: Identity) -> str:
    """What can be said of the program, in a sentence."""
    if not identity.matches:
        return (
            "unknown: its updates are all 0 or not all finite, so there is nothing to "
            "compare"
        )
    best = identity.matches[0]
    title, family = best.known.title, best.known.family
    where = ", with a schedule of its own" if identity.at_peak else ""
    if identity.verdict is Verdict.IS:
        return f"{title}{where}, with {constants_text(best)} ({family})"
    if identity.verdict is Verdict.FAMILY:
        return (
            f"like {title}{where}, and not the same on every stream, with "
            f"{constants_text(best)} ({family})"
        )
    if best.similarity < NEAR:
        return "unknown: nothing known does anything like it"
    return f"unknown: the nearest, {title}, does something else"


def constants_text(match: Match) -> str:
    """The fitted constants: `beta1 0.9, beta2 0.99, rate 0.0001`."""
    found = match.constants.items()
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in found)
