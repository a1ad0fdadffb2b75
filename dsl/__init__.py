"""The optimizer language: programs as data, their text, and what can be known of them.

`import dsl` loads neither JAX nor NumPy; `lower` and `fingerprint`, which need them,
are loaded when they are asked for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from dsl.check import check
from dsl.digest import digest
from dsl.errors import DslError
from dsl.functions import FUNCTIONS
from dsl.live import live
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse

if TYPE_CHECKING:
    from dsl.fingerprint import fingerprint
    from dsl.lower import lower

__all__ = [
    "FUNCTIONS",
    "DslError",
    "Program",
    "check",
    "digest",
    "fingerprint",
    "live",
    "lower",
    "parse",
    "prune",
    "unparse",
]

_LOADED_LATER = ("fingerprint", "lower")


# Hidden from mypy, which would take any name for one of the package.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _LOADED_LATER:
            raise AttributeError(f"module 'dsl' has no attribute {name!r}")
        return getattr(import_module(f"dsl.{name}"), name)


class _Package(ModuleType):
    """Keeps `dsl.lower` the function, whoever imports the module `dsl.lower` first.

    Python stores a module that it has imported as an attribute of its package.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _LOADED_LATER and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
