"""Pages of Markdown from the templates of this package."""

from __future__ import annotations

from importlib.resources import files


def rendered(template: str, **values: object) -> str:
    """A page: a file in `templates` with these values in their places.

    Nothing is escaped: names and numbers of a program mean nothing to Markdown. A value
    that the template asks for and that is not given is an error.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    text = files("evosearch.report").joinpath("templates", template).read_text("utf-8")
    return environment.from_string(text).render(**values)
