"""The derivation of a simplified program as a page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsl.parse import parse
from evosearch.explain.notation import equations
from evosearch.report.derivation import changed_lines
from evosearch.report.explanation import LEGEND
from evosearch.report.rendering import rendered
from evosearch.report.simplified import (
    contribution_rows,
    heading,
    loss_rows,
    sizes_in_words,
)

_TEMPLATE = "derivation.md.jinja"


def derivation_page(told: Mapping[str, Any], title: str, identity: str = "") -> str:
    """Write the page.

    Args:
        told: of `simplified_told`.
        title: of the page.
        identity: what it behaves like, in a sentence, if that is known.
    """
    page = rendered(
        _TEMPLATE,
        title=title,
        sizes=sizes_in_words(told),
        program=told["program"].rstrip("\n"),
        equations=equations(parse(told["program"])),
        legend=LEGEND,
        identity=identity,
        test_seeds=told["test_seeds"],
        losses=loss_rows(told),
        contributions=contribution_rows(told),
        seeds=told["seeds"],
        margin=f"{told['margin']:.4f}",
        tolerance=f"{told['tolerance']:g}",
        start=told["start"].rstrip("\n"),
        changes=_changes(told),
    )
    return f"{page.rstrip()}\n"


def _changes(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    before, found = told["start"], []
    for change in told["changes"]:
        lines = changed_lines(before, change["program"])
        found.append({"heading": heading(change), "lines": lines})
        before = change["program"]
    return found
