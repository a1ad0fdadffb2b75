"""Steps of a PyTorch export, for `verify`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from dsl.interpret import Leaves
from evosearch.export.document import class_name
from evosearch.export.naming import LEARNING_RATE
from evosearch.export.torch_names import torch_fields
from evosearch.export.trace import Trace
from evosearch.export.verify import SHAPES, Inputs, Stepper


def torch_stepper(found: Trace, module: ModuleType, name: str) -> Stepper:
    """Run steps of the class `name`, in float64."""
    import torch

    # As the program has them: the defaults are rounded to fewer digits.
    constants: dict[str, Any] = {each.name: each.value for each in found.parameters}
    peak = constants.pop(LEARNING_RATE, None)
    params = [
        torch.nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in SHAPES
    ]
    optimizer = getattr(module, class_name(name))(params, **constants)
    (group,) = optimizer.param_groups
    fields = torch_fields(found)

    def tensors(tree: Leaves) -> list[Any]:
        return [torch.tensor(np.asarray(leaf, np.float64)) for leaf in tree]

    def run(inputs: Inputs) -> list[Leaves]:
        if peak is not None:
            group["lr"] = peak * inputs.rate
        if found.reads_count():
            group["step"] = inputs.index
        states = [tensors(tree) for tree in inputs.states]
        with torch.no_grad():
            for place, p in enumerate(params):
                p.copy_(tensors(inputs.weights)[place])
                p.grad = tensors(inputs.gradient)[place]
                for field, state in zip(fields, states, strict=True):
                    optimizer.state[p][field] = state[place]
        optimizer.step()
        after = [p.detach().numpy() for p in params]
        with np.errstate(all="ignore"):
            update = [w - a for w, a in zip(inputs.weights, after, strict=True)]
        news = [[optimizer.state[p][field].numpy() for p in params] for field in fields]
        return [update, *news]

    return run
