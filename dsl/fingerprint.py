"""What a program does on fixed inputs, rounded: algebraic twins share it.

The inputs are several episodes, each a short training with made-up gradients: some as
in real trainings, some spread so wide (1e-12 to 1e4, and 0) that float64 loses there
what float32 loses elsewhere. So `(g + 1) - 1` is not `g`, nor `g / g` the number 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Any, NamedTuple

from dsl.functions import SETS
from dsl.interpret import Leaves, interpret, uses_matrices, zero_states
from dsl.program import Program
from dsl.prune import prune

VERSION = 2
"""Part of every fingerprint: changes when the inputs or the rounding do."""

BITS = 16
"""Of each value that count, about five digits; twins differ in their last ones."""

_INNER_BITS = 32
"""Of each result of a function that is not exact: with more, machines would differ
where a subtraction leaves nothing but the last bits."""

_TINY = 2.0**-1000

_EXACT = frozenset((
    "abs", "absolute", "add", "all", "any", "argmax", "argmin", "array", "asarray",
    "atleast_1d", "atleast_2d", "broadcast_to", "ceil", "clip", "concatenate",
    "copysign", "diag", "diagonal", "divide", "expand_dims", "eye", "fabs", "flip",
    "floor", "fmax", "fmin", "full", "full_like", "max", "maximum", "min", "minimum",
    "moveaxis", "multiply", "negative", "ones", "ones_like", "ravel", "reciprocal",
    "repeat", "reshape", "rint", "roll", "round", "sign", "sort", "sqrt", "square",
    "squeeze", "stack", "subtract", "swapaxes", "take", "tile", "transpose", "tril",
    "triu", "trunc", "where", "zeros", "zeros_like",
))  # fmt: skip
"""NumPy functions whose every bit IEEE 754 or their meaning fixes; the last bits of all
others may depend on processor and version."""

_SHAPES = ((3, 4), (5,))
"""Of the weight arrays."""

STEPS = 4

_COMES_ALONG = frozenset(name for names in SETS.values() for name in names)


class _Episode(NamedTuple):
    """One of the short trainings.

    Attributes:
        weights: size of the first ones: powers of 2, the smallest and the largest.
        gradient: the same of each step's gradient.
        rates: the schedule's value at each step.
        counts: the step count.
        zeros: whether some of both are 0, which a norm would carry to all the others.
    """

    weights: tuple[int, int]
    gradient: tuple[int, int]
    rates: tuple[float, float, float, float]
    counts: tuple[int, int, int, int] = (1, 2, 3, 4)
    zeros: bool = False


_EPISODES = (
    _Episode((-4, 0), (-10, -5), (0.25, 1.0, 0.6, 0.01)),
    _Episode((-8, -4), (-16, -12), (0.9, 0.8, 0.7, 0.6)),
    _Episode((-2, 2), (-2, 2), (0.02, 0.05, 1.0, 0.001), (1, 10, 100, 1000)),
    _Episode((-2, 2), (6, 11), (1.0, 0.5, 0.1, 0.002)),
    _Episode((-10, 3), (-23, 0), (1.0, 0.75, 0.5, 0.25), zeros=True),
    _Episode((-20, 10), (-40, 13), (0.4, 1.0, 0.3, 0.1), zeros=True),
)

_ZERO_WEIGHTS, _ZERO_GRADIENTS = (1, 3), (1, 2)
"""Where the zeros are in each weight array."""


class _Step(NamedTuple):
    """Inputs of one step but the weights: gradient, learning rate, step count."""

    gradient: Leaves
    rate: Any
    count: Any


def fingerprint(program: Program) -> str:
    """Hash the updates of a few steps on fixed inputs: 32 hexadecimal digits.

    The steps are taken in NumPy float64, the weights following the updates. `BITS` of
    each value count; NaN and both infinities count as three different values. Equal
    digests give equal fingerprints; equal fingerprints mean that two programs behave
    alike on these inputs, as `sqrt(square(x))` and `abs(x)` do.
    """
    # Here and not above, so that `import dsl` stays fast.
    import numpy as np

    program = prune(program)
    with np.errstate(all="ignore"):
        values = _rounded(np, _updates(program), BITS)
    # One NaN, one zero, one order of bytes, wherever it runs.
    values = np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8")
    seen = f"fingerprint {VERSION}".encode() + values.tobytes()
    return blake2b(seen, digest_size=16).hexdigest()


def _updates(program: Program) -> Any:
    """All updates of a pruned program: `[episode, value]`."""
    import numpy as np

    if not (uses_matrices(program) or _calls_users(program)):
        return np.concatenate(_follow(program, _SideBySide(np), *_inputs()), axis=1)
    rows = [
        _follow(program, _Rounding(np), *_inputs_of(row))
        for row in range(len(_EPISODES))
    ]
    return np.stack([np.concatenate([leaf.ravel() for leaf in row]) for row in rows])


def _calls_users(program: Program) -> bool:
    """Whether it calls a user's function, which may look at the shape it is given."""
    return any(each.function not in _COMES_ALONG for each in program.statements)


def _follow(
    program: Program, xp: Any, weights: Leaves, steps: Sequence[_Step]
) -> list[Any]:
    """The updates, one leaf after the other and step after step."""
    states = zero_states(program, xp, weights)
    updates: list[Any] = []
    for gradient, rate, count in steps:
        trees = [weights, gradient, *states]
        update, *states = interpret(program, xp, trees, rate, count)
        weights = [w - u for w, u in zip(weights, update, strict=True)]
        updates.extend(update)
    return updates


class _Rounding:
    """NumPy, the results of its functions rounded but for those that are exact.

    Products of matrices by `@`, decompositions and arrays' own methods do not come by
    here: their last bits stay those of the machine.
    """

    def __init__(self, numpy: Any) -> None:
        self._numpy = numpy

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._numpy, name)
        is_function = callable(function) and not isinstance(function, type)
        if name in _EXACT or not is_function:
            return function

        def rounding(*values: Any, **options: Any) -> Any:
            result = function(*values, **options)
            if getattr(result, "dtype", None) != self._numpy.float64:
                return result
            return _rounded(self._numpy, result, _INNER_BITS)

        return rounding


class _SideBySide:
    """The same over all episodes at once: six take the time of one.

    Only for the language's own functions, which sum over all axes.

    A leaf is `[episode, value]`, a Scalar `[episode, 1]` or one number for all, a
    Leafwise value `[leaf, episode, 1]`.
    """

    def __init__(self, numpy: Any) -> None:
        self._numpy = _Rounding(numpy)

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._numpy, name)
        if name not in ("max", "mean", "min", "prod", "sum"):
            return function

        def reducing(x: Any) -> Any:
            """Over a leaf's values, or of a Leafwise value over the leaves."""
            if x.ndim == 3:
                return function(x, axis=0)
            return function(x, axis=1, keepdims=True)

        return reducing


def _inputs_of(row: int) -> tuple[Leaves, tuple[_Step, ...]]:
    """What `_inputs` has for one episode, arrays in their shapes."""
    weights, steps = _inputs()

    def arrays(leaves: Leaves) -> Leaves:
        return [
            leaf[row].reshape(shape)
            for leaf, shape in zip(leaves, _SHAPES, strict=True)
        ]

    return arrays(weights), tuple(
        _Step(arrays(gradient), rate[row].reshape(()), count[row].reshape(()))
        for gradient, rate, count in steps
    )


@lru_cache(maxsize=1)
def _inputs() -> tuple[Leaves, tuple[_Step, ...]]:
    """The first weights of all episodes, and what each step brings.

    Python keeps `Random.random` as it is, and all that is done with it is exact.
    """
    import numpy as np

    random = Random(20230213)

    def value(smallest: int, largest: int) -> float:
        sign = 1.0 if random.random() < 0.5 else -1.0
        power = smallest + int((largest - smallest) * random.random())
        return sign * math.ldexp(1.0 + random.random(), power)

    def tree(sizes: Sequence[tuple[int, int]], zeros: tuple[int, ...]) -> Leaves:
        leaves = [
            [
                [
                    0.0 if episode.zeros and place in zeros else value(*size)
                    for place in range(count)
                ]
                for episode, size in zip(_EPISODES, sizes, strict=True)
            ]
            for count in map(math.prod, _SHAPES)
        ]
        return [constant(leaf) for leaf in leaves]

    def column(values: Sequence[float]) -> Any:
        return constant([[value] for value in values])

    def constant(values: list[list[float]]) -> Any:
        """All programs share it, so a formula that writes into it has to fail."""
        array = np.asarray(values, dtype=np.float64)
        array.setflags(write=False)
        return array

    weights = tree([episode.weights for episode in _EPISODES], _ZERO_WEIGHTS)
    steps = tuple(
        _Step(
            tree([episode.gradient for episode in _EPISODES], _ZERO_GRADIENTS),
            column([episode.rates[index] for episode in _EPISODES]),
            column([episode.counts[index] for episode in _EPISODES]),
        )
        for index in range(STEPS)
    )
    return weights, steps


def _rounded(numpy: Any, values: Any, bits: int) -> Any:
    """The values to so many binary digits; what is not finite stays as it is.

    What is so small that float64 has fewer digits for it is 0.
    """
    fraction, exponent = numpy.frexp(values)
    rounded = numpy.ldexp(numpy.rint(fraction * 2.0**bits), exponent - bits)
    return numpy.where(numpy.abs(values) < _TINY, 0.0, rounded)
