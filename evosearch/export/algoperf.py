"""A program as an AlgoPerf submission: its Optax export, and what the judges call.

The interface is that of mlcommons/algorithmic-efficiency, package `algoperf`, in JAX;
the batch sizes are those of its own baselines.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from unittest.mock import MagicMock

from evosearch.export.optax_source import optax_source
from evosearch.export.trace import Trace

BATCH_SIZES = {
    "criteo1tb": 262_144,
    "fastmri": 32,
    "finewebedu_lm": 64,
    "imagenet_resnet": 1024,
    "imagenet_resnet_gelu": 512,
    "imagenet_resnet_silu": 512,
    "imagenet_vit": 1024,
    "librispeech_conformer": 256,
    "librispeech_deepspeech": 256,
    "ogbg": 512,
    "wmt": 128,
}


def algoperf_source(found: Trace, name: str) -> str:
    """The text of `submission.py`; `name` is that of the optimizer in it."""
    return optax_source(found, name, "algoperf.py.jinja", batch_sizes=BATCH_SIZES)


@contextmanager
def algoperf_at_hand() -> Iterator[None]:
    """Let `import algoperf` succeed, to check a submission where it is not installed.

    It brings all of its workloads' libraries, and the update does not need it.
    """
    if "algoperf" in sys.modules or importlib.util.find_spec("algoperf") is not None:
        yield
        return
    stand_in = ModuleType("algoperf")
    stand_in.spec = MagicMock()  # type: ignore[attr-defined]
    stand_in.jax_sharding_utils = MagicMock()  # type: ignore[attr-defined]
    sys.modules["algoperf"] = stand_in
    try:
        yield
    finally:
        del sys.modules["algoperf"]
