"""One thread for XLA in each process: workers are the parallelism, and sums keep order."""

from __future__ import annotations

import os

_FLAGS = "--xla_cpu_multi_thread_eigen=false"


def use_one_thread() -> None:
    """Tell XLA's CPU backend to use one thread; call it before JAX is first used.

    Flags that the user has set are kept.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if _FLAGS not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {_FLAGS}".strip()
