"""What of the machine a process takes: one thread, and no GPU if it does not train.

Workers are the parallelism; with one thread, sums keep their order.
"""

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


def keep_off_accelerators() -> None:
    """Let JAX use the CPU alone in this process; call it before JAX is first used.

    For a process that does not train: whoever touches a GPU first takes most of its
    memory, which is the workers'.
    """
    import jax

    # JAX leaves this method without types.
    jax.config.update("jax_platforms", "cpu")  # type: ignore[no-untyped-call]
