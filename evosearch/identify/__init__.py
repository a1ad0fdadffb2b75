"""Which known optimizer a program behaves like, its constants fitted."""

from __future__ import annotations

from evosearch.identify.identifying import (
    SURE_ANYWHERE,
    Identity,
    Match,
    Verdict,
    identify,
    similarities,
)

__all__ = [
    "SURE_ANYWHERE",
    "Identity",
    "Match",
    "Verdict",
    "identify",
    "similarities",
]
