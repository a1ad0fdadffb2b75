"""Damage to a text: to its characters, its tokens, its lines, and beyond all limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from dsl.names import KEYWORDS
from dsl.parse import MAX_CHARACTERS
from tests.fuzz.generation import random_of
from tests.fuzz.writing import draw_text

_TOKENS = (
    *("def", "train", "return", "lr", "step", "w", "g", "x", "sqrt", "interp", "max"),
    *("(", ")", ",", "=", "+", "-", "*", "/", ":", "#", "\n", "\n    ", " ", "    "),
    *(
        "==",
        "**",
        "//",
        "->",
        "+=",
        ".",
        ";",
        "'",
        '"',
        "[",
        "]",
        "{",
        "\\",
        "@",
        "\\\n",
    ),
    *(
        "1",
        "0.5",
        "1e-8",
        "1e999",
        "1e",
        "0x1F",
        "1_000",
        "1j",
        "-",
        "--",
        "nan",
        "inf",
    ),
    *sorted(KEYWORDS),
)
_STRANGE = (
    *("\0", "\t", "\r", "\r\n", "\x0b", "\x0c", "\x1a", "\x1c", "\x7f", "\x85", "\xa0"),
    *("é", "ß", "\u00b2", "\u0660", "\u200b", "\u2028", "\u2029", "\ufeff", "\uff08"),
    *("\U0001d6fc", "\ud800", "\u0301", "\u2212", "\u4e00"),
)
_PIECES = re.compile(r"\w+|\s+|.", re.DOTALL)
_MOST_DAMAGES = 6


def garbled_text(seed: int, number: int) -> str:
    """Text `number` of a seed."""
    random = random_of(0, seed, number)
    point = random.random()
    if point < 0.02:
        return _noise(random)
    text = draw_text(random)
    if point < 0.021:
        return _blown_up(text, random, 1.2 * MAX_CHARACTERS)
    if point < 0.03:
        return _blown_up(text, random, 2000)
    if point < 0.1:
        return text
    for _ in range(min(_MOST_DAMAGES, 1 + int(random.expovariate(1.0)))):
        text = random.choice(_DAMAGES)(text, random)
    return text


def _noise(random: Random) -> str:
    """Random bytes, characters or tokens, sometimes after a header."""
    length = random.randrange(200)
    kind = random.randrange(3)
    if kind == 0:
        text = random.randbytes(length).decode("latin-1")
    elif kind == 1:
        text = "".join(chr(random.randrange(0x3000)) for _ in range(length))
    else:
        text = "".join(random.choice(_TOKENS) for _ in range(length))
    return text if random.random() < 0.5 else f"def train(w, g, lr):\n    {text}"


def _span(text: str, random: Random) -> tuple[int, int]:
    start = random.randrange(len(text) + 1)
    return start, min(len(text), start + 1 + int(random.expovariate(0.3)))


def _cut(text: str, random: Random) -> str:
    start, end = _span(text, random)
    return text[:start] + text[end:]


def _doubled(text: str, random: Random) -> str:
    start, end = _span(text, random)
    return text[:end] + text[start:]


def _moved(text: str, random: Random) -> str:
    start, end = _span(text, random)
    rest = text[:start] + text[end:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + text[start:end] + rest[place:]


def _inserted(text: str, random: Random) -> str:
    """A character, a strange one or a byte in a place of its own or another's."""
    made = random.choice(
        (
            chr(random.randrange(32, 127)),
            random.choice(_STRANGE),
            random.randbytes(random.randrange(1, 4)).decode("latin-1"),
        )
    )
    place = random.randrange(len(text) + 1)
    return text[:place] + made + text[place + random.randrange(2) :]


def _pieces_changed(text: str, random: Random) -> str:
    """A token goes, comes twice, changes places, or another one comes."""
    pieces = _PIECES.findall(text)
    return "".join(_list_changed(pieces, random, random.choice(_TOKENS)))


def _lines_changed(text: str, random: Random) -> str:
    lines = text.split("\n")
    kind = random.randrange(3)
    place = random.randrange(len(lines))
    if kind == 0:
        blanks = random.choice(("", " ", "  ", "     ", "\t"))
        lines[place] = blanks + lines[place].lstrip()
    elif kind == 1:
        lines[place] += random.choice((";", " #", ":", "\\", ",", "(", " = 1", " if g"))
    else:
        lines = _list_changed(lines, random, random.choice(lines))
    return random.choice(("\n", "\n", "\n", "\n", "\r\n", "\r", "")).join(lines)


def _list_changed(parts: list[str], random: Random, other: str) -> list[str]:
    if not parts:
        return [other]
    place, second = random.randrange(len(parts)), random.randrange(len(parts))
    kind = random.randrange(4)
    if kind == 0:
        del parts[place]
    elif kind == 1:
        parts.insert(place, parts[second])
    elif kind == 2:
        parts[place], parts[second] = parts[second], parts[place]
    else:
        parts.insert(place, other)
    return parts


def _spliced(text: str, random: Random) -> str:
    """The beginning of one text and the end of another."""
    other = draw_text(random)
    return (
        text[: random.randrange(len(text) + 1)]
        + other[random.randrange(len(other) + 1) :]
    )


_DAMAGES: tuple[Callable[[str, Random], str], ...] = (
    _cut,
    _doubled,
    _moved,
    _inserted,
    _pieces_changed,
    _pieces_changed,
    _lines_changed,
    _spliced,
)


def _blown_up(text: str, random: Random, most: float) -> str:
    """A piece of it many times: deep, long or wide, up to a length of all sizes."""
    length = int(most ** random.uniform(0.4, 1.0))
    if random.random() < 0.3:
        start, end = _span(text, random)
        piece = text[start:end] or "x"
        return text[:start] + piece * (length // len(piece)) + text[end:]
    before, piece, after = random.choice(_LARGE)
    count = length // len(piece)
    middle = random.choice(("g", "x", "1", ""))
    closing = ")" * count if piece.endswith("(") and random.random() < 0.7 else ""
    line = before + piece * count + middle + closing + after
    return f"def train(w, g, lr):\n    {line}\n    return g\n"


_LARGE = (
    *(("x = ", piece, "") for piece in ("(", "-", "sin(", "max(g, ", "g + ", "g - -")),
    *(
        ("x = ", piece, "")
        for piece in ("a", "1", "0.", "_", "g", "g(", "1e", ".", "lr*")
    ),
    *(("x = interp(", piece, "g)") for piece in ("g, ", "1, ", "g\n, ", "(g), ")),
    *(("", piece, "") for piece in ("x = g\n    ", "x = g + w\n    ", "\n", " ", "#")),
    *(
        ("", piece, "")
        for piece in ("x = x_1\n    ", "(", ")", "=", "x=", "return g\n")
    ),
    *(("return ", piece, "") for piece in ("g, ", "g + ", "-", "(", "g * (")),
    *(("y = g + g # ", piece, "") for piece in ("é", "(", "#")),
)
