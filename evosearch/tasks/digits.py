"""Task digits: a small vision transformer learns to read handwritten digits."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from evosearch.errors import InputError
from evosearch.tasks.cross_entropy import cross_entropy
from evosearch.tasks.sizes import Dimensions, Size, size_at
from evosearch.tasks.transformer import apply_blocks, open_bias, plan_blocks
from evosearch.tasks.weights import Normal, draw, matrix

CLASSES = 10
_TOKENS, _PIXELS = 16, 4
_SPLIT_SEED, _HELD_OUT = 0, 300


class Digits(NamedTuple):
    """Images and their classes.

    Attributes:
        images: float32 `[images, 64]`, 8 x 8 row by row, from -1 (white) to 1 (ink).
        labels: one-hot, float32 `[images, 10]`.
    """

    images: Any
    labels: Any


@dataclass(frozen=True, eq=False)
class DigitsViT:
    """A `Task`. A batch is a `Digits` of training images.

    Attributes:
        size: dimensions of the model, of a batch and of the training.
        floor: see `digits`.
        train: 1,197 images.
        validation: 300 others.
        held_out: 300 others, the test images.
    """

    size: Size
    floor: float
    train: Digits = field(repr=False)
    validation: Digits = field(repr=False)
    held_out: Digits = field(repr=False)

    @property
    def steps(self) -> int:
        """Number of training steps."""
        return self.size.steps

    def init(self, key: Any) -> Any:
        """Places N(0, 1); a head so small that every class starts alike."""
        width = self.size.width
        plan = {
            "patch": matrix(_PIXELS, width),
            "places": Normal((_TOKENS, width), 1.0),
            "blocks": plan_blocks(width, self.size.depth),
            "head": matrix(width, CLASSES, 0.1),
        }
        return draw(key, plan)

    def batch(self, key: Any) -> Digits:
        """Training images drawn uniformly, with replacement."""
        shape = (self.size.batch,)
        chosen = jax.random.randint(key, shape, 0, len(self.train.images), jnp.int32)
        return Digits(self.train.images[chosen], self.train.labels[chosen])

    def logits(self, params: Any, images: Any) -> Any:
        """Logits of the classes, float32 `[images, 10]`, from images `[images, 64]`."""
        tokens = patches(images) @ params["patch"] + params["places"][None]
        bias = open_bias(self.size.heads, _TOKENS)
        tokens = apply_blocks(params["blocks"], tokens, bias)
        return jnp.mean(tokens, axis=1) @ params["head"]

    def loss(self, params: Any, batch: Digits) -> Any:
        """Mean cross-entropy of the classes, in nats."""
        return cross_entropy(self.logits(params, batch.images), batch.labels)

    def evaluate(self, params: Any) -> Any:
        """Loss on the 300 validation images."""
        return self.loss(params, self.validation)

    def test(self, params: Any) -> Any:
        """Loss on the 300 test images."""
        return self.loss(params, self.held_out)


def patches(images: Any) -> Any:
    """Cut images `[images, 64]` into 16 tokens of 2 x 2 pixels: `[images, 16, 4]`.

    Tokens go row by row, and so do the pixels of a token.
    """
    squares = images.reshape(-1, 4, 2, 4, 2).transpose(0, 1, 3, 2, 4)
    return squares.reshape(-1, _TOKENS, _PIXELS)


def digits(
    *,
    scale: float = 1.0,
    floor: float = 0.001,
    **dimensions: Unpack[Dimensions],
) -> DigitsViT:
    """Classify scikit-learn's 1,797 handwritten digits; loss in nats per image.

    The images are shuffled once, by `numpy.random.default_rng(0).permutation`, and cut
    into 1,197 for training, 300 for validation and 300 for test. Dimensions as in
    `size_at`:

        scale   width  depth  batch  steps    weights
          0.1       8      1     10    100        752
            1      24      1     16    200       5328
           10      60      2     25    400      59400
          100     160      3     40    800     619200
         1000     384      4     64   1590    4730112

    Args:
        scale: size of everything, from 0.1 to 1000; 1 trains in about 0.1 s on a core.
        floor: a validation loss under it is implausible. One of the 300 images that
            is read wrong costs at least ln 2 / 300 = 0.0023, and the best readers of
            these images misread about one in a hundred; so a loss under the default
            means that not one is wrong and nearly all are certain.
        width: numbers in a patch's vector, a multiple of heads.
        depth: transformer blocks.
        heads: attention heads in a block.
        batch: images in a batch.
        steps: training steps.

    Raises:
        InputError: an argument is out of range, or scikit-learn is not installed.
    """
    size = size_at(scale, 16, dimensions)
    train, validation, test = split_digits(read_digits())
    return DigitsViT(size, floor, train, validation, test)


def split_digits(everything: Digits) -> tuple[Digits, Digits, Digits]:
    """Cut into training, validation and test images, as `digits` says."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(everything.images))
    training = len(order) - 2 * _HELD_OUT
    parts = np.split(order, [training, training + _HELD_OUT])
    train, validation, test = (
        Digits(*(jnp.asarray(array[part]) for array in everything)) for part in parts
    )
    return train, validation, test


def read_digits() -> Digits:
    """Read all 1,797 images, as numpy arrays, from scikit-learn's data folder.

    The file is read without importing scikit-learn, which takes a second.

    Raises:
        InputError: it is not installed, or has no such file.
    """
    spec = find_spec("sklearn")
    places = () if spec is None else spec.submodule_search_locations or ()
    for place in places:
        path = Path(place) / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            with gzip.open(path, "rt") as lines:
                table = np.loadtxt(lines, delimiter=",", dtype=np.float32)
            labels = np.eye(CLASSES, dtype=np.float32)[table[:, -1].astype(np.int64)]
            return Digits(table[:, :-1] / 8.0 - 1.0, labels)
    raise InputError(
        "digits: its images come with scikit-learn, which is not installed: run "
        "`pip install scikit-learn`"
    )
