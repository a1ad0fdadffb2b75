"""Initial weights have the deviations that were planned, and no two share numbers."""

import jax
import numpy as np
import pytest

from evosearch.tasks.weights import Normal, draw, matrix


def test_arrays_are_drawn_as_planned() -> None:
    plan = {"a": Normal((50, 40), 3.0), "b": [matrix(100, 20), Normal((2000,), 1.0)]}
    drawn = draw(jax.random.key(0), plan)
    wanted = [((50, 40), 3.0), ((100, 20), 0.1), ((2000,), 1.0)]
    for array, (shape, deviation) in zip(jax.tree.leaves(drawn), wanted, strict=True):
        assert array.shape == shape
        assert float(array.mean()) == pytest.approx(0.0, abs=0.1 * deviation)
        assert float(array.std()) == pytest.approx(deviation, rel=0.05)
    flat = np.concatenate(
        [np.ravel(leaf / leaf.std()) for leaf in jax.tree.leaves(drawn)]
    )
    assert len(np.unique(flat)) > 0.99 * len(flat)
