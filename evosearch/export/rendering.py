"""Templates filled in: the frames of generated modules, readable as what they make."""

from __future__ import annotations

from functools import cache
from typing import Any

from evosearch.export import document
from evosearch.export.pieces import template_text


def render(template: str, **context: Any) -> str:
    """A template's text, which ends with one line break."""
    return (
        str(_templates().get_template(template).render(**context)).rstrip("\n") + "\n"
    )


@cache
def _templates() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    # Source code is made, so nothing of it is escaped as for a web page.
    environment = Environment(
        loader=FunctionLoader(template_text),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["number"] = document.number
    environment.globals["entry"] = document.entry
    environment.globals["wrapped"] = document.wrapped
    return environment
