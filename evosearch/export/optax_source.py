"""A program as an Optax gradient transformation: a factory, a state, the functions."""

from __future__ import annotations

from typing import Any

from dsl.types import DIMENSIONS, Type
from evosearch.export import document, layout
from evosearch.export.display import field_names
from evosearch.export.naming import LEARNING_RATE
from evosearch.export.optax_body import OptaxBody
from evosearch.export.pieces import pieces_for
from evosearch.export.rendering import render
from evosearch.export.trace import Trace

FUNCTIONS_FILE = "jax_functions.txt"


def optax_source(
    found: Trace, name: str, template: str = "optax.py.jinja", **more: Any
) -> str:
    """The module's text; `name` is that of the factory.

    A template that extends the usual one may be given `more` to write.
    """
    body = "\n".join(OptaxBody(found, name).lines())
    init = [_initial(each.kind) for each in found.states]
    constants, functions = pieces_for("\n".join([body, *init]), FUNCTIONS_FILE)
    everything = "\n".join([body, *init, *functions])
    rate = next((p for p in found.parameters if p.name == LEARNING_RATE), None)
    return render(
        template,
        name=name,
        state_class=f"{document.class_name(name)}State",
        program=document.program_text(found, 4),
        fields=[
            (field, "\n".join(layout.keyword(field, text, 12)), state)
            for field, text, state in zip(
                field_names(found), init, found.states, strict=True
            )
        ],
        rate_meaning=document.rate_meaning(
            "a number, or a schedule of the step, from 0",
            rate.value if rate is not None else 1.0,
            found.constant_rate,
        ),
        has_rate=found.reads_rate(),
        rate=rate,
        parameters=[p for p in found.parameters if p.name != LEARNING_RATE],
        constants=constants,
        functions=functions,
        body=body,
        uses_partial="partial(" in everything,
        uses_math="math." in everything,
        uses_map="_map_arrays(" in body,
        submission=template != "optax.py.jinja",
        **more,
    )


def _initial(kind: Type) -> str:
    if kind is Type.TREE:
        return "jax.tree.map(jnp.zeros_like, params)"
    if kind is Type.LEAFWISE:
        return "jax.tree.map(lambda x: jnp.zeros((), x.dtype), params)"
    return f'jax.tree.map(partial(_zeros, "{"".join(DIMENSIONS[kind])}"), params)'
