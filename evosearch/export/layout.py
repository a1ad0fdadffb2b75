"""Lines of Python as `ruff format` breaks them, for what generated code consists of."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH = 88


def assignment(target: str, text: str, indent: int) -> list[str]:
    """`target = text`, at an indentation, on as many lines as it takes."""
    return _statement(f"{target} = ", text, indent)


def expression(text: str, indent: int) -> list[str]:
    """A call for what it does."""
    return _statement("", text, indent)


def keyword(name: str, text: str, indent: int) -> list[str]:
    """`name=text,` among the arguments of a call."""
    return item(f"{name}=", text, indent)


def entry(key: str, text: str, indent: int) -> list[str]:
    """`"key": text,` in a dictionary."""
    return item(f'"{key}": ', text, indent)


def item(start: str, text: str, indent: int) -> list[str]:
    """A text among others, and the comma after it."""
    # The comma is one letter more.
    *lines, last = _statement(start, text, indent, WIDTH - 1)
    return [*lines, f"{last},"]


def comprehension(target: str, text: str, loop: str, indent: int) -> list[str]:
    """`target = [text for ...]`."""
    space = " " * indent
    line = f"{space}{target} = [{text} {loop}]"
    if len(line) <= WIDTH:
        return [line]
    within = f"{space}    {text} {loop}"
    if len(within) <= WIDTH:
        return [f"{space}{target} = [", within, f"{space}]"]
    return [
        f"{space}{target} = [",
        f"{space}    {text}",
        f"{space}    {loop}",
        f"{space}]",
    ]


def returned(parts: Sequence[str], indent: int) -> list[str]:
    """`return` with one value or several."""
    if len(parts) == 1:
        return _statement("return ", parts[0], indent)
    line = " " * indent + "return " + ", ".join(parts)
    if len(line) <= WIDTH:
        return [line]
    return [f"{' ' * indent}return (", *_items(parts, indent), f"{' ' * indent})"]


def signature(name: str, parts: Sequence[str], result: str, indent: int) -> list[str]:
    """The first lines of a function."""
    space = " " * indent
    line = f"{space}def {name}({', '.join(parts)}) -> {result}:"
    if len(line) <= WIDTH:
        return [line]
    within = f"{space}    {', '.join(parts)}"
    if len(within) <= WIDTH:
        return [f"{space}def {name}(", within, f"{space}) -> {result}:"]
    return [f"{space}def {name}(", *_items(parts, indent), f"{space}) -> {result}:"]


def _statement(start: str, text: str, indent: int, width: int = WIDTH) -> list[str]:
    space = " " * indent
    line = f"{space}{start}{text}"
    if len(line) <= width:
        return [line]
    parts = _call(text)
    if parts is None:
        return [f"{space}{start}(", f"{space}    {text}", f"{space})"]
    name, arguments = parts
    within = f"{space}    {', '.join(arguments)}"
    if len(within) <= WIDTH:
        return [f"{space}{start}{name}(", within, f"{space})"]
    return [f"{space}{start}{name}(", *_items(arguments, indent), f"{space})"]


def _items(parts: Sequence[str], indent: int) -> list[str]:
    return [line for part in parts for line in item("", part, indent + 4)]


def _call(text: str) -> tuple[str, list[str]] | None:
    """The name and the arguments of a text that is one call, else None."""
    name, bracket, rest = text.partition("(")
    if not bracket or not name.replace(".", "").replace("_", "").isalnum():
        return None
    depth, part = 1, ""
    parts: list[str] = []
    for place, letter in enumerate(rest):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            if place != len(rest) - 1:
                return None
            return name, [*parts, part.strip()]
        if letter == "," and depth == 1:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return None
