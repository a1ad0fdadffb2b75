"""What all parts of a config share: frozen, nothing unknown, nothing converted."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


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


Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""What a part of a file's or folder's name can be."""

Name = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]+$")]
PlainValue = Annotated[object, AfterValidator(_plain)]
