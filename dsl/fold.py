"""A call of constants as the constant that it computes, in float32 as the language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from dsl.functions import FUNCTIONS, SETS
from dsl.program import Constant

EXACT_FOLDS = frozenset(
    [
        "abs",
        "add",
        "cube",
        "divide",
        "get_e",
        "get_eps",
        "get_pi",
        "interpolate",
        "maximum",
        "minimum",
        "multiply",
        "negative",
        "reciprocal",
        "sign",
        "sqrt",
        "square",
        "subtract",
    ]
)
"""Functions that every processor rounds alike."""

_FOLDED = frozenset(SETS["lion"])
_LEAST_NORMAL = 1.1754943508222875e-38


def folded(function: str, arguments: Sequence[Constant]) -> Constant | None:
    """The constant; None if it is no finite number, or one that may be flushed to 0.

    Users' functions and those of matrices are not folded.
    """
    if function not in _FOLDED or FUNCTIONS[function].reduces:
        return None
    import numpy as np

    with np.errstate(all="ignore"):
        numbers = [np.float32(each.value) for each in arguments]
        found = float(FUNCTIONS[function].formula(_float32(), *numbers))
    values = (found, *(each.value for each in arguments))
    if not all(map(_is_normal, values)):
        return None
    return Constant(found)


def _is_normal(value: float) -> bool:
    return math.isfinite(value) and (value == 0.0 or abs(value) >= _LEAST_NORMAL)


@cache
def _float32() -> Any:
    """NumPy in which constants are float32."""
    import numpy as np

    return SimpleNamespace(**{**vars(np), "asarray": np.float32})
