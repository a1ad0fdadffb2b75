"""Laws of the scale: every dimension grows with it, and what is documented holds."""

import math
from dataclasses import astuple
from itertools import pairwise

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evosearch.errors import InputError
from evosearch.tasks import TASKS, load_task
from evosearch.tasks.sizes import size_at

scales = st.floats(0.1, 1000.0)


def weights(name: str, scale: float) -> int:
    task = load_task(name, {"scale": scale})
    shapes = jax.eval_shape(task.init, jax.random.key(0))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))


@given(scales, scales)
def test_no_dimension_shrinks_as_the_scale_grows(first: float, second: float) -> None:
    small = astuple(size_at(min(first, second), 16, {}))
    large = astuple(size_at(max(first, second), 16, {}))
    assert all(one <= other for one, other in zip(small, large, strict=True))


@given(scales, st.integers(1, 300))
def test_heads_divide_any_width(scale: float, width: int) -> None:
    size = size_at(scale, 16, {"width": width})
    assert size.width == width
    assert width % size.heads == 0


@pytest.mark.parametrize("name", sorted(TASKS))
def test_weights_grow_about_as_the_scale(name: str) -> None:
    counts = [weights(name, scale) for scale in (1, 10, 100, 1000)]
    ratios = [high / low for low, high in pairwise(counts)]
    assert all(7 < ratio < 13 for ratio in ratios)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_the_documented_sizes_are_the_sizes(name: str) -> None:
    manual = TASKS[name].factory().__doc__ or ""
    lines = [line.split() for line in manual.splitlines()]
    header = next(line for line in lines if line[:1] == ["scale"])
    rows = [line for line in lines if len(line) == len(header) and line[0][0].isdigit()]
    assert [float(row[0]) for row in rows] == [0.1, 1, 10, 100, 1000]
    for row in rows:
        task = load_task(name, {"scale": float(row[0])})
        for column, said in zip(header[1:-1], row[1:-1], strict=True):
            found = getattr(task if column == "context" else task.size, column)
            assert found == int(said), column
        assert weights(name, float(row[0])) == int(row[-1])


@pytest.mark.parametrize("argument", ["width", "depth", "heads", "batch", "steps"])
def test_every_dimension_can_be_fixed(argument: str) -> None:
    assert getattr(size_at(100, 16, {argument: 6}), argument) == 6


@pytest.mark.parametrize(
    ("scale", "dimensions", "named"),
    [
        (0.05, {}, "scale: 0.05"),
        (2000.0, {}, "scale: 2000.0"),
        (math.nan, {}, "scale: nan"),
        (1.0, {"depth": 0}, "depth: 0"),
        (1.0, {"width": 10, "heads": 4}, "heads: 4 heads do not divide width 10"),
    ],
)
def test_bad_sizes_name_the_argument(scale, dimensions, named) -> None:
    with pytest.raises(InputError, match=f"^{named}"):
        size_at(scale, 16, dimensions)
