"""The functions that a source needs, out of those that a target has, in their order."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class _Piece(NamedTuple):
    """A function or a constant: its name, its text and the names in that text."""

    name: str
    text: str
    names: frozenset[str]
    is_function: bool


def pieces_for(body: str, file: str) -> tuple[list[str], list[str]]:
    """Constants and functions of a template's file that a text needs, each as text.

    What they need themselves is among them.
    """
    every = _pieces(file)
    needed = _words(body) & {piece.name for piece in every}
    while True:
        found = [piece for piece in every if piece.name in needed]
        grown = needed.union(*(piece.names for piece in found))
        if grown == needed:
            break
        needed = grown
    constants = [piece.text for piece in found if not piece.is_function]
    return constants, [piece.text for piece in found if piece.is_function]


@cache
def _pieces(file: str) -> list[_Piece]:
    text = template_text(file)
    lines = text.splitlines()
    nodes = ast.parse(text).body
    names = [_name(node) for node in nodes]
    found = []
    for node, name in zip(nodes, names, strict=True):
        piece = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        own = _words(piece) & set(names) - {name}
        found.append(_Piece(name, piece, own, isinstance(node, ast.FunctionDef)))
    return found


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef):
        return node.name
    assert isinstance(node, ast.Assign)
    (target,) = node.targets
    assert isinstance(target, ast.Name)
    return target.id


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


def template_text(file: str) -> str:
    """A file of the folder `templates`."""
    return (files("evosearch.export") / "templates" / file).read_text(encoding="utf-8")
