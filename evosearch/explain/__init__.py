"""What a program says: its formulas, memory, rates, cost and what its parts are."""

from __future__ import annotations

from evosearch.explain.explaining import Explanation, Memory, explain

__all__ = ["Explanation", "Memory", "explain"]
