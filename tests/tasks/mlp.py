"""An example of a user's own task: an MLP with one hidden layer on the digits.

Name it in a config as `tests/tasks/mlp.py:factory`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax

from evosearch.tasks.cross_entropy import cross_entropy
from evosearch.tasks.digits import Digits, read_digits, split_digits
from evosearch.tasks.weights import Normal, draw, matrix


@dataclass(frozen=True, eq=False)
class MLP:
    """64 pixels, `width` hidden units, 10 classes; a batch is a `Digits`."""

    width: int
    size: int
    steps: int
    train: Digits = field(repr=False)
    validation: Digits = field(repr=False)
    held_out: Digits = field(repr=False)
    floor: float = 0.001

    def init(self, key: Any) -> Any:
        plan = {
            "hidden": matrix(64, self.width),
            "hidden_bias": Normal((self.width,), 0.0),
            "head": matrix(self.width, 10),
            "head_bias": Normal((10,), 0.0),
        }
        return draw(key, plan)

    def batch(self, key: Any) -> Any:
        count = len(self.train.images)
        chosen = jax.random.randint(key, (self.size,), 0, count)
        return Digits(self.train.images[chosen], self.train.labels[chosen])

    def loss(self, params: Any, batch: Any) -> Any:
        hidden = batch.images @ params["hidden"] + params["hidden_bias"][None]
        logits = jax.nn.relu(hidden) @ params["head"] + params["head_bias"][None]
        return cross_entropy(logits, batch.labels)

    def evaluate(self, params: Any) -> Any:
        return self.loss(params, self.validation)

    def test(self, params: Any) -> Any:
        return self.loss(params, self.held_out)


def factory(width: int = 64, batch: int = 64, steps: int = 200) -> MLP:
    """4,810 weights at the default width: trains in a few milliseconds."""
    return MLP(width, batch, steps, *split_digits(read_digits()))
