"""Names that a PyTorch export gives its states, and those that mean something else."""

from __future__ import annotations

from evosearch.export.display import field_names
from evosearch.export.trace import Trace

TAKEN = frozenset(
    [
        *("torch", "math", "Any", "Callable", "Tensor", "Tensors", "Optimizer"),
        *("EPSILON", "list", "tuple", "abs", "float", "zip"),
        *("self", "group", "state", "closure", "loss", "step", "lr", "maximize"),
        *("p", "x", "y", "z", "params", "grads", "weights"),
    ]
)
"""Not for a value of the program: the names of a step's frame and of what it calls."""


def torch_fields(found: Trace) -> list[str]:
    """What the states are called, in a step and in a state dictionary."""
    return field_names(found, TAKEN | {each.name for each in found.parameters})
