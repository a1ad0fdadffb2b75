"""What a program does on a few fixed inputs, rounded: algebraic twins share it."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any

from dsl.interpret import Leaves, interpret, zero_states
from dsl.program import Program
from dsl.prune import prune

VERSION = 1
"""Part of every fingerprint: changes when the inputs or the rounding do."""

STEPS = 4
DIGITS = 6
"""Significant decimal digits that count."""

_SHAPES = ((3, 2), (4,), ())
_SCALES = (1.0, 0.1, 10.0, 0.01)


def fingerprint(program: Program) -> str:
    """Hash the updates of a few steps on fixed random inputs: 32 hexadecimal digits.

    The steps are taken in NumPy float64, the weights following the updates, with a
    learning rate that falls and gradients of several scales. Values count to `DIGITS`
    significant digits; NaN and both infinities count as three different values.
    Equal digests give equal fingerprints; equal fingerprints mean that two programs
    behave alike on these inputs, as `sqrt(square(x))` and `abs(x)` do.
    """
    # Here and not above, so that `import dsl` stays fast.
    import numpy as np

    program = prune(program)
    weights, gradients = _inputs()
    states = zero_states(program, np, weights)
    seen = [f"fingerprint {VERSION}".encode()]
    with np.errstate(all="ignore"):
        for index in range(STEPS):
            rate = np.asarray(1.0 - index / STEPS)
            trees = [weights, gradients[index], *states]
            update, *states = interpret(
                program, np, trees, rate, np.asarray(index + 1.0)
            )
            weights = [w - u for w, u in zip(weights, update, strict=True)]
            seen.extend(_rounded(leaf) for leaf in update)
    return blake2b(b"".join(seen), digest_size=16).hexdigest()


@lru_cache(maxsize=1)
def _inputs() -> tuple[Leaves, tuple[Leaves, ...]]:
    """Fixed weights, and one gradient for each step."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(20230213))

    def tree(scale: float) -> Leaves:
        return [np.asarray(scale * random.standard_normal(s)) for s in _SHAPES]

    return tree(1.0), tuple(tree(scale) for scale in _SCALES)


def _rounded(values: Any) -> bytes:
    """Text of each value to `DIGITS` significant digits; -0 counts as 0."""
    flat = (values + 0.0).ravel()
    return ";".join([f"{value:.{DIGITS - 1}e}" for value in flat.tolist()]).encode()
