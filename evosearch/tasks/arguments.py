"""Check the arguments of a task's factory against its signature, before it is called.

Built-in factories and a user's are treated alike.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, Union, Unpack, get_args, get_origin, get_type_hints

from evosearch.errors import InputError, did_you_mean

_KINDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
}


def check_arguments(
    factory: Callable[..., Any], arguments: Mapping[str, Any], source: str
) -> None:
    """Refuse unknown, missing and wrongly typed arguments.

    Types are checked where the annotation is bool, int, float, str, None or a union
    of them; a whole number is accepted as a float.

    Args:
        factory: what will be called with the arguments.
        arguments: by name, as a config has them.
        source: the task, for the message.

    Raises:
        InputError: one sentence that names the task and the argument.
    """
    parameters = _parameters(factory)
    if parameters is None:
        return
    for name, value in arguments.items():
        if name not in parameters:
            known = did_you_mean(name, parameters) if parameters else "it takes none"
            raise InputError(f"{source}: no argument {name!r}: {known}")
        _check_type(name, value, parameters[name].annotation, source)
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in arguments:
            raise InputError(
                f"{source}: argument {name!r} is missing: it has no default"
            )


def _parameters(factory: Callable[..., Any]) -> dict[str, inspect.Parameter] | None:
    """Parameters that can be given by name; None if the factory takes any.

    The keys of a `**name: Unpack[TypedDict]` count as parameters, all optional.
    """
    hints = _hints(factory)
    found: dict[str, inspect.Parameter] = {}
    for name, each in inspect.signature(factory).parameters.items():
        annotation = hints.get(name, each.empty)
        if each.kind is each.VAR_KEYWORD:
            if get_origin(annotation) is not Unpack:
                return None
            for key, hint in get_type_hints(get_args(annotation)[0]).items():
                found[key] = inspect.Parameter(
                    key, each.KEYWORD_ONLY, default=None, annotation=hint
                )
        elif each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY):
            found[name] = each.replace(annotation=annotation)
    return found


def _hints(factory: Callable[..., Any]) -> Mapping[str, Any]:
    """Annotations as types; none where they do not name any that can be found."""
    # A class is annotated where its signature is, in `__init__`.
    annotated = vars(factory).get("__init__") if isinstance(factory, type) else factory
    try:
        return get_type_hints(annotated)
    except (NameError, AttributeError, TypeError):
        return {}


def _check_type(name: str, value: Any, annotation: Any, source: str) -> None:
    union = get_origin(annotation) in (Union, UnionType)
    accepted = get_args(annotation) if union else (annotation,)
    if any(kind not in _KINDS and kind is not NoneType for kind in accepted):
        return
    exact = type(value)
    if exact in accepted or (exact is int and float in accepted):
        return
    wanted = " or ".join(_KINDS[kind] for kind in accepted if kind in _KINDS)
    raise InputError(f"{source}: argument {name!r} is {value!r}, and must be {wanted}")
