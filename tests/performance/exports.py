"""How long a step of an export takes against that of the library's own optimizer.

`python -m tests.performance.exports`: exported Lion and `optax.lion`, both compiled;
exported AdamW and `torch.optim.AdamW(foreach=True)`. Taken in turn, medians compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax
import torch
from rich.console import Console
from rich.table import Table

from dsl.library import read_program
from dsl.parse import parse
from evosearch.export import export
from evosearch.export.loading import load
from evosearch.threads import use_one_thread

TARGET, STEPS = 1.1, 20
SHAPES = ((256, 256), (256,), (256, 512), (512,), (512, 256), (256,))
"""Of the weight arrays: 330,000 weights."""


def main() -> None:
    """Print both ratios; a missed target shows, and fails nothing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=15)
    options.add_argument("--json", action="store_true", dest="as_json")
    chosen = options.parse_args()
    use_one_thread()
    torch.set_num_threads(1)
    lion, adamw = _module("lion", "optax"), _module("adamw", "torch")
    rows = [
        _row(
            "exported Lion / optax.lion",
            _of_optax(lion.lion(1e-4)),
            _of_optax(optax.lion(1e-4, weight_decay=1.0)),
            chosen.repeats,
        ),
        _row(
            "exported AdamW / torch.optim.AdamW(foreach=True)",
            _of_torch(adamw.Adamw),
            _of_torch(lambda params: torch.optim.AdamW(params, foreach=True)),
            chosen.repeats,
        ),
    ]
    if chosen.as_json:
        print(json.dumps(rows))
        return
    table = Table("what", "value", "target", "met", "microseconds a step")
    for row in rows:
        met = "yes" if row["value"] <= TARGET else "NO"
        table.add_row(
            row["what"], f"{row['value']:.2f}", f"<= {TARGET}", met, row["detail"]
        )
    Console(width=120).print(table)


def _module(name: str, target: str) -> Any:
    return load(export(parse(read_program(name)), target, name).source, name)


def _row(
    what: str, ours: Callable[[], None], theirs: Callable[[], None], repeats: int
) -> dict[str, Any]:
    """The medians of both, taken by turns, after both have run once."""
    ours()
    theirs()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for kept, run in zip(times, (ours, theirs), strict=True):
            began = time.perf_counter()
            run()
            kept.append(1e6 * (time.perf_counter() - began) / STEPS)
    first, second = map(statistics.median, times)
    detail = f"{first:.0f} / {second:.0f}"
    return {"what": what, "value": first / second, "detail": detail}


def _arrays(seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [np.float32(random.standard_normal(shape)) for shape in SHAPES]


def _of_optax(optimizer: optax.GradientTransformation) -> Callable[[], None]:
    weights, gradient = (list(map(jax.numpy.asarray, _arrays(n))) for n in (0, 1))

    @jax.jit
    def step(weights: Any, state: Any) -> Any:
        updates, state = optimizer.update(gradient, state, weights)
        return optax.apply_updates(weights, updates), state

    first = (weights, optimizer.init(weights))

    def run() -> None:
        held = first
        for _ in range(STEPS):
            held = step(*held)
        jax.block_until_ready(held)

    return run


def _of_torch(make: Callable[[Any], torch.optim.Optimizer]) -> Callable[[], None]:
    params = [torch.nn.Parameter(torch.tensor(array)) for array in _arrays(0)]
    for p, gradient in zip(params, _arrays(1), strict=True):
        p.grad = torch.tensor(gradient)
    optimizer = make(params)

    def run() -> None:
        for _ in range(STEPS):
            optimizer.step()

    return run


if __name__ == "__main__":
    main()
