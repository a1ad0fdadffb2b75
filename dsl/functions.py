"""The table of functions: the sets that come along, and what users add.

Every pass reads this table, so that a row is all that a function needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from dsl.lion import LION
from dsl.matrix import MATRIX
from dsl.names import is_name
from dsl.rows import Function, result_types

_rows: dict[str, Function] = {row.name: row for row in (*LION, *MATRIX)}
_aliases = {alias: row.name for row in _rows.values() for alias in row.aliases}

FUNCTIONS: Mapping[str, Function] = MappingProxyType(_rows)
"""Every function by name: the paper's 43, `negative`, those of matrices, users' own."""

ALIASES: Mapping[str, str] = MappingProxyType(_aliases)
"""Other names that the parser accepts, to the name in `FUNCTIONS`."""

SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lion": tuple(row.name for row in LION),
        "matrix": tuple(row.name for row in MATRIX),
    }
)
"""The functions of each set that comes along."""


Derived = TypeVar("Derived")


class ByName(dict[str, Derived]):
    """What a pass derives from a row, by the function's name: once, when asked for.

    Looking up a name that is not in the table raises KeyError.
    """

    def __init__(self, derive: Callable[[Function], Derived]) -> None:
        super().__init__()
        self._derive = derive
        _derived.append(self)

    def __missing__(self, name: str) -> Derived:
        self[name] = found = self._derive(FUNCTIONS[name])
        return found


_derived: list[ByName[Any]] = []


def add_functions(rows: Iterable[Function]) -> None:
    """Add users' functions to the table, for this process or until they are removed.

    Adding the same rows again changes nothing.

    Raises:
        ValueError: a name or alias cannot be one, or is another function's; or a row
            would be printed as something that is read back as another.
        TypeError: a rule gives no type; and whatever else a rule raises.
    """
    rows = list(rows)
    new = {row.name: row for row in rows}
    seen: set[str] = set()
    for row in rows:
        if _rows.get(row.name) is row:
            continue
        names = (row.name, *row.aliases)
        for name in names:
            if not is_name(name):
                raise ValueError(f"`{name}` cannot be a function's name")
            if name in seen or name in _rows or name in _aliases:
                raise ValueError(f"there is a function `{name}` already")
            seen.add(name)
        if row.symbol or row.printed not in ("", *names):
            raise ValueError(f"`{row.name}` can only be printed by its own name")
        result_types(row)
    _rows.update(new)
    _aliases.update({alias: row.name for row in new.values() for alias in row.aliases})


def remove_functions(names: Iterable[str]) -> None:
    """Take users' functions out again; programs that call them are not valid then."""
    for name in names:
        for alias in _rows.pop(name).aliases:
            del _aliases[alias]
    for table in _derived:
        table.clear()
