"""YAML as configs have it: what is written reads back, `no` is text, 1e-3 a number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evosearch.config.yaml_text import read_yaml, write_yaml

plain_values = st.one_of(
    st.text(),
    st.sampled_from(["no", "true", "null", "~", "1e-3", "010", "1:30", "2026-01-01"]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)


@given(plain_values)
def test_yaml_reads_back_every_plain_value_with_its_type(
    value: str | int | float | bool | None,
) -> None:
    data = read_yaml(write_yaml({"key": value}), "text").data
    assert repr(data) == repr({"key": value})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("-3", -3),
        ("no", "no"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("0x10", "0x10"),
        ("2026-01-01", "2026-01-01"),
        ("True", "True"),
        ("true", True),
        ("~", None),
        ("", None),
        ("'1'", "1"),
    ],
)
def test_yaml_scalars_are_what_they_look_like(text: str, value: object) -> None:
    data = read_yaml(f"key: {text}", "text").data
    assert repr(data) == repr({"key": value})
