"""What holds for all tests: strict JAX, one XLA thread, shared compilations, order."""

import atexit
import os
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import jax
import pytest
from hypothesis import HealthCheck, settings

from evosearch.threads import use_one_thread

# As in a worker, so that tests see the sums that a search sees.
use_one_thread()
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

# Compiling is most of the work, and the processes of a session (those of pytest-xdist,
# Ray's workers, commands) compile much the same: each thing is compiled by one of them.
# The folder is the session's own, so that no result is of a run before this one, and
# nothing is written to the user's.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    shared = tempfile.mkdtemp(prefix="evosearch-compiled-")
    atexit.register(shutil.rmtree, shared, ignore_errors=True)
    for name, value in (
        ("jax_compilation_cache_dir", shared),
        ("jax_persistent_cache_min_compile_time_secs", 0.0),
    ):
        os.environ[name.upper()] = str(value)
        jax.config.update(name, value)

# Examples that compile take seconds the first time, which is no fault of the test.
settings.register_profile(
    "local",
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "ci", settings.get_profile("local"), derandomize=True, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long go first, so that none is left when all others are done."""
    marks = defaultdict[Path, set[str]](set)
    for item in items:
        marks[item.path].update(mark.name for mark in item.iter_markers())
    items.sort(key=lambda item: [name not in marks[item.path] for name in LONGEST])


LONGEST = ("ray", "slow")
