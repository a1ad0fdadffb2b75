"""XLA's compilations stay on disk: a task is compiled once a machine, not once a run.

They are in the user's cache folder, and bounded. JAX's own variables come first:
JAX_COMPILATION_CACHE_DIR names another folder (and then its other ones say the rest),
JAX_ENABLE_COMPILATION_CACHE=false turns it off.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

LARGEST = 2**28
"""Bytes of the folder; what was used longest ago goes first. A task takes 1 to 3 MB."""

_SHORTEST = "jax_persistent_cache_min_compile_time_secs"
_SHORTEST_SECONDS = 0.3
"""Compilations that took less are not kept."""

_OFF = {"0", "f", "false", "n", "no", "off"}


def cache_folder() -> Path:
    """Where compilations for this machine's processor are kept.

    Code for one processor may not run on another, and a home may be shared by both.

    Raises:
        OSError: the user has no home.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        base = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError as error:
        raise OSError(str(error)) from None
    return base / "evosearch" / f"xla-{_processor()}"


def keep_compilations() -> str:
    """Have JAX keep what this process compiles; call it before it compiles anything.

    A folder that cannot be written to is no error: then everything is compiled anew.
    Returns what `describe` says.
    """
    said, folder = _decide()
    if folder is not None:
        _remove_torn(folder)
        for name, value in (
            ("jax_compilation_cache_dir", str(folder)),
            ("jax_compilation_cache_max_size", LARGEST),
            (_SHORTEST, _SHORTEST_SECONDS),
        ):
            _set(name, value)
    return said


def describe() -> str:
    """Where compilations are kept, or why they are not: a clause for the log."""
    return _decide()[0]


@contextmanager
def not_kept() -> Iterator[None]:
    """Compile without keeping: code of single programs would push the tasks' out."""
    import jax

    before = getattr(jax.config, _SHORTEST)
    _set(_SHORTEST, math.inf)
    try:
        yield
    finally:
        _set(_SHORTEST, before)


def _set(name: str, value: float | str) -> None:
    import jax

    # JAX leaves this method without types.
    jax.config.update(name, value)  # type: ignore[no-untyped-call]


def _decide() -> tuple[str, Path | None]:
    """What to say of the cache, and the folder that JAX has to be told."""
    if os.environ.get("JAX_ENABLE_COMPILATION_CACHE", "").lower() in _OFF:
        return "compilations are not kept: JAX_ENABLE_COMPILATION_CACHE", None
    named = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    if named:
        return f"compilations are kept where JAX is told to: {named}", None
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"compilations are not kept: {error}", None
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"compilations are not kept: {folder} cannot be written to", None
    return f"compilations are kept in {folder}", folder


def _remove_torn(folder: Path) -> None:
    """Remove entries that a killed process has not finished: JAX never would.

    It writes the time of an entry last, so an entry without one is torn.
    """
    from filelock import FileLock, Timeout

    with suppress(OSError, Timeout), FileLock(folder / ".lockfile", timeout=10):
        for entry in folder.glob("*-cache"):
            if not entry.with_name(f"{entry.name[:-5]}atime").exists():
                entry.unlink()


def _processor() -> str:
    """Names what XLA compiles for."""
    facts = {platform.machine(), platform.processor()}
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        facts.update(
            line for line in lines if line.startswith(("flags", "Features", "model"))
        )
    return blake2b("\n".join(sorted(facts)).encode(), digest_size=4).hexdigest()
