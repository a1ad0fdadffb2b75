"""What values the keys of a config may have, beyond the types of Python."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dsl.functions import SETS


class Section(BaseModel):
    """What all parts of the tree share: frozen, nothing unknown, nothing converted."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False
    )


def _plain(value: object) -> object:
    if isinstance(value, bool | int | str | None):
        return value
    if isinstance(value, float) and abs(value) < float("inf"):
        return value
    raise ValueError("must be text, a finite number, true, false or null")


Name = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]+$")]
PlainValue = Annotated[object, AfterValidator(_plain)]


def _choice(value: object) -> object:
    """Sets joined by `+`, or names: which there are is known when the table is full."""
    if isinstance(value, str) and set(value.split("+")) <= set(SETS):
        return value
    if isinstance(value, list | tuple) and value and all(map(_is_text, value)):
        return tuple(value)
    sets = f"{', '.join(SETS)} or {'+'.join(SETS)}"
    raise ValueError(f"must be {sets}, or a list of functions' names")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


FunctionChoice = Annotated[object, AfterValidator(_choice)]
