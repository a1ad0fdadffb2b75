"""Laws of digits: the images are scikit-learn's, and no image is in two parts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from evosearch.errors import InputError
from evosearch.tasks import digits as module
from evosearch.tasks.digits import digits, patches, read_digits, split_digits


def test_images_are_those_of_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = datasets.load_digits(return_X_y=True)
    found = read_digits()
    np.testing.assert_array_equal((found.images + 1.0) * 8.0, images)
    np.testing.assert_array_equal(found.labels.argmax(axis=1), labels)


def test_every_image_is_in_exactly_one_part() -> None:
    everything = read_digits()
    parts = split_digits(everything)
    assert [len(part.images) for part in parts] == [1197, 300, 300]
    rows = [row.tobytes() for part in parts for row in np.asarray(part.images)]
    assert len(set(rows)) == len(rows)
    assert set(rows) == {row.tobytes() for row in everything.images}


def test_images_keep_their_labels() -> None:
    everything = read_digits()
    label_of = {
        image.tobytes(): label
        for image, label in zip(everything.images, everything.labels, strict=True)
    }
    batch = digits().batch(jax.random.key(0))
    for image, label in zip(*map(np.asarray, batch), strict=True):
        np.testing.assert_array_equal(label, label_of[image.tobytes()])


def test_a_patch_is_a_square_of_neighbours() -> None:
    image = jnp.arange(64, dtype=jnp.float32)[None]
    tokens = patches(image)[0]
    assert tokens.shape == (16, 4)
    assert tokens[0].tolist() == [0, 1, 8, 9]
    assert tokens[1].tolist() == [2, 3, 10, 11]
    assert tokens[-1].tolist() == [54, 55, 62, 63]


def test_only_its_place_tells_one_patch_from_another() -> None:
    """Without places the order of the patches is lost: logits do not change."""
    task = digits()
    logits = jax.jit(task.logits)
    weights = jax.jit(task.init)(jax.random.key(0))
    blind = {**weights, "places": jnp.zeros_like(weights["places"])}
    images = task.validation.images[:8]
    # The lower half first: whole rows of patches change places.
    moved = jnp.roll(images, 32, axis=1)
    np.testing.assert_allclose(logits(blind, images), logits(blind, moved), atol=1e-5)
    seen = logits(weights, images) - logits(weights, moved)
    assert float(jnp.abs(seen).max()) > 1e-3


def test_missing_images_name_the_package(monkeypatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install scikit-learn"):
        digits()
