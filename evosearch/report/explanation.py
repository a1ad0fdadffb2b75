"""`explain`: what a program does, told as data and printed."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from dsl.unparse import unparse
from evosearch.explain import Explanation, Memory
from evosearch.explain.step_cost import SIDE, StepCost
from evosearch.explain.terms import Factor

LEGEND = "(η is the schedule's value, its peak 1; x′ is the new x)"


def explanation_told(found: Explanation, cost: StepCost) -> dict[str, Any]:
    """What `explain --json` prints.

    `rates.steps` and `rates.decays` are numbers with the power of the schedule's value
    that they come with; `cost` is in seconds.
    """
    return {
        "equations": list(found.equations),
        "roles": list(found.roles),
        "program": unparse(found.program),
        "states": found.memory.states,
        "bytes_per_weight": found.memory.bytes_per_weight,
        "other_states": dict(found.memory.others),
        "rates": {
            "steps": [factor._asdict() for factor in found.rates.steps],
            "decays": [factor._asdict() for factor in found.rates.decays],
            "decay_of_rate": found.rates.decay_of_rate,
        },
        "cost": {"program": cost.program, "adamw": cost.adamw, "ratio": cost.ratio},
    }


def print_explanation(found: Explanation, cost: StepCost) -> None:
    """Print formulas, memory, rates, cost and the statements with their roles."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for line in found.equations:
        console.print(line)
    console.print(LEGEND)
    console.print()
    console.print(f"memory: {memory_text(found.memory)}")
    steps = " and ".join(map(factor_text, found.rates.steps))
    console.print(f"rate:   {steps or 'no step but the decay'}")
    console.print(f"decay:  {decay_text(found)}")
    console.print(
        f"cost:   {cost.ratio:.2f} times a step of AdamW ({SIDE} by {SIDE} weights)"
    )
    console.print()
    head, *body, last = unparse(found.program).rstrip("\n").split("\n")
    width = max(44, *map(len, body)) if body else 44
    console.print(head)
    for line, role in zip(body, found.roles, strict=True):
        console.print(f"{line:<{width}}  # {role}" if role else line)
    console.print(last)


def memory_text(memory: Memory) -> str:
    """The memory in a sentence."""
    if not memory.states:
        return "no state"
    states = f"{memory.states} state" + ("" if memory.states == 1 else "s")
    parts = [f"{memory.bytes_per_weight} bytes a weight"] * bool(
        memory.bytes_per_weight
    )
    parts += [f"{text} ({name})" for name, text in memory.others]
    return f"{states}, {', '.join(parts)} (AdamW: 2 states, 8 bytes a weight)"


def factor_text(factor: Factor) -> str:
    """A number times a power of the schedule's value: `0.001 η`."""
    power = {0: "", 1: " η"}.get(factor.power, f" η^{factor.power}")
    return f"{factor.number:.4g}{power}"


def decay_text(found: Explanation) -> str:
    """What the weights are multiplied with, and its share of the rate."""
    if not found.rates.decays:
        return "none that is a multiple of the weights"
    text = " and ".join(map(factor_text, found.rates.decays)) + " w"
    share = found.rates.decay_of_rate
    return text if share is None else f"{text}, {share:.4g} of the rate"
