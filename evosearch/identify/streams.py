"""Streams of gradients that programs are compared on: made up, and recorded.

The weights of a stream do not follow a program's updates: whatever is compared sees
the same weights and gradients, so that one different step is one difference.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

STEPS, LONG = 48, 160
SHAPES = ((4, 6), (5,))
"""Of the weight arrays: a matrix and a vector."""

Array = np.ndarray[Any, np.dtype[np.float64]]


class Stream(NamedTuple):
    """The inputs of some steps.

    Attributes:
        name: the kind of stream.
        is_ordinary: gradients as in a training, not a stress.
        weights: each weight array, `[steps, *shape]`.
        gradients: the same of the gradients.
        rates: the schedule's value at each step, its peak 1.
    """

    name: str
    is_ordinary: bool
    weights: tuple[Array, ...]
    gradients: tuple[Array, ...]
    rates: Array


class Kind(NamedTuple):
    """How a stream is made up.

    A gradient is the sum of a mean that drifts and of noise, all times a scale that is
    different from number to number and moves over the steps.

    Attributes:
        scale: of the gradients, in the middle of the stream.
        signal: of the mean, as a multiple of the noise.
        weights: size of the weights.
        trend: natural logarithm of the scale at the end over that at the start.
        spread: standard deviation of the logarithm of the numbers' own scales.
        rank: of a matrix's gradient; 0 is full.
        sparse: share of gradients that are 0; then the vector's weights are 0, too.
        jumps: standard deviation of the logarithm of each step's scale.
        is_ordinary: as of a stream.
    """

    scale: float
    signal: float
    weights: float
    trend: float = 0.0
    spread: float = 0.5
    rank: int = 0
    sparse: float = 0.0
    jumps: float = 0.0
    is_ordinary: bool = True


KINDS = {
    "noise": Kind(1e-2, 0.1, 3.0),
    "drift": Kind(1e-3, 1.0, 0.3, spread=1.5),
    "signal": Kind(0.02, 4.0, 1.0),
    "rank one": Kind(1e-2, 1.0, 0.1, rank=1),
    "convergence": Kind(3e-3, 1.0, 2.0, trend=-4.0),
    "large": Kind(30.0, 0.5, 1.0, spread=1.5, is_ordinary=False),
    "tiny": Kind(1e-7, 1.0, 0.1, is_ordinary=False),
    "sparse": Kind(1e-2, 1.0, 1.0, sparse=0.6, is_ordinary=False),
    "heavy weights": Kind(1e-2, 1.0, 100.0, is_ordinary=False),
    "jumps": Kind(1e-2, 1.0, 1.0, jumps=2.0, is_ordinary=False),
}

RECORDED = ("digits", "charlm")
"""The tasks whose trainings were recorded (`experiments/identify/record.py`)."""


def made_up(kind: str, seed: int, steps: int = STEPS) -> Stream:
    """A stream of a kind in `KINDS`; equal arguments give equal numbers."""
    row = KINDS[kind]
    random = np.random.default_rng((seed, list(KINDS).index(kind)))
    scales = row.scale * np.exp(
        row.trend * (np.arange(steps) / steps - 0.5)
        + row.jumps * random.standard_normal(steps)
    )
    weights, gradients = [], []
    for shape in SHAPES:
        expand = (slice(None), *([None] * len(shape)))
        noise = _normal(random, steps, shape, row.rank)
        mean = _drifting(random, steps, shape, row.rank)
        own = np.exp(row.spread * random.standard_normal(shape))
        slopes = scales[expand] * own * (noise + row.signal * mean)
        slopes *= random.random((steps, *shape)) >= row.sparse
        size = row.weights * (0.0 if row.sparse and len(shape) == 1 else 1.0)
        start = random.standard_normal(shape)
        moves = 0.02 * random.standard_normal((steps, *shape)).cumsum(axis=0)
        weights.append(size * (start + moves))
        gradients.append(slopes)
    rates = np.minimum(1.0, (np.arange(steps) + 1.0) / 6.0)
    rates *= 1.0 - random.uniform(0.3, 0.95) * np.arange(steps) / steps
    return Stream(kind, row.is_ordinary, tuple(weights), tuple(gradients), rates)


def _normal(
    random: np.random.Generator, steps: int, shape: tuple[int, ...], rank: int
) -> Array:
    """Independent normal numbers; of this rank in each step if they are matrices."""
    if not rank or len(shape) < 2:
        return random.standard_normal((steps, *shape))
    left = random.standard_normal((steps, shape[0], rank))
    return np.asarray(left @ random.standard_normal((steps, rank, shape[1])))


def _drifting(
    random: np.random.Generator, steps: int, shape: tuple[int, ...], rank: int
) -> Array:
    """Waves from one direction to another, with a period longer than the stream."""
    first, second = _normal(random, 2, shape, rank)
    angle = np.linspace(0.0, random.uniform(1.0, 4.0), steps)
    angle = angle.reshape(-1, *([1] * len(shape)))
    return np.asarray(first * np.cos(angle) + second * np.sin(angle))


@cache
def recorded(task: str) -> Stream:
    """A part of the gradients and weights of a short training with AdamW."""
    with files("evosearch.identify").joinpath("recorded.npz").open("rb") as file:
        held = np.load(file)
        parts = {
            part: np.asarray(held[f"{task}_{part}"], np.float64)
            for part in (
                *("weights_matrix", "weights_vector"),
                *("gradients_matrix", "gradients_vector", "rates"),
            )
        }
    return Stream(
        f"recorded, {task}",
        True,
        (parts["weights_matrix"], parts["weights_vector"]),
        (parts["gradients_matrix"], parts["gradients_vector"]),
        parts["rates"],
    )


def at_peak(stream: Stream) -> Stream:
    """The stream with the schedule's value at 1 throughout."""
    return stream._replace(rates=np.ones_like(stream.rates))


def to_fit(seed: int) -> list[Stream]:
    """The streams that constants are fitted on: the ordinary ones."""
    kinds = [name for name, kind in KINDS.items() if kind.is_ordinary]
    return [recorded(RECORDED[0]), *(made_up(kind, 2 * seed) for kind in kinds)]


def to_judge(seed: int) -> list[Stream]:
    """Other streams, of every kind: similarities are measured on them."""
    return [recorded(RECORDED[1]), *(made_up(kind, 2 * seed + 1) for kind in KINDS)]


def to_confirm(seed: int) -> list[Stream]:
    """Longer streams of the ordinary kinds: what is like a sum for long is not one."""
    kinds = [name for name, kind in KINDS.items() if kind.is_ordinary]
    return [made_up(kind, 2 * seed + 1, LONG) for kind in kinds]
