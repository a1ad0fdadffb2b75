"""Settings of every test: strict JAX, one XLA thread, the same examples in CI."""

import os

# Before JAX reads it, and for the processes that tests start: nothing is written to the
# user's cache folder.
os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"

import jax
from hypothesis import HealthCheck, settings

from evosearch.threads import use_one_thread

# As in a worker, so that tests see the sums that a search sees.
use_one_thread()
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

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
