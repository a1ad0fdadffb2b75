"""The package: its public names, and what importing it costs."""

import subprocess
import sys
from types import FunctionType, ModuleType

import pytest

import dsl
from dsl.library import program_names, read_program


def in_fresh_python(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_public_names_are_things_and_no_modules() -> None:
    for name in dsl.__all__:
        assert not isinstance(getattr(dsl, name), ModuleType), name


def test_importing_the_language_loads_neither_jax_nor_numpy() -> None:
    code = "import dsl, sys; print([m for m in ('jax', 'numpy') if m in sys.modules])"
    assert in_fresh_python(code) == "[]"


@pytest.mark.parametrize("name", ["fingerprint", "lower"])
def test_a_name_loaded_later_is_the_function_in_any_order(name: str) -> None:
    first = f"import dsl.{name}; from dsl import {name}; print(type({name}).__name__)"
    assert in_fresh_python(first) == FunctionType.__name__
    assert isinstance(getattr(dsl, name), FunctionType)


def test_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'compile'"):
        _ = dsl.compile  # type: ignore[attr-defined]  # the point of the test


def test_library_names_its_programs() -> None:
    assert {"adamw", "lion", "paper/program8"} <= set(program_names())
    assert list(program_names()) == sorted(program_names())
    with pytest.raises(KeyError):
        read_program("../functions")
