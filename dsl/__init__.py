"""The optimizer language: programs as data, their text, and what can be known of them.

`import dsl` loads neither JAX nor NumPy; `lower` and `fingerprint` load them when they
are called.
"""

from __future__ import annotations

from dsl.check import check
from dsl.digest import digest
from dsl.errors import DslError
from dsl.fingerprint import fingerprint
from dsl.functions import FUNCTIONS
from dsl.live import live
from dsl.lower import lower
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.rows import Function, Parameter
from dsl.simplify import simplify
from dsl.types import ANY, SHAPED, SQUARE, Type
from dsl.unparse import unparse

__all__ = [
    "ANY",
    "FUNCTIONS",
    "SHAPED",
    "SQUARE",
    "DslError",
    "Function",
    "Parameter",
    "Program",
    "Type",
    "check",
    "digest",
    "fingerprint",
    "live",
    "lower",
    "parse",
    "prune",
    "simplify",
    "unparse",
]
