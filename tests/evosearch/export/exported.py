"""Exports as modules, for tests: written, checked and imported."""

from functools import cache
from types import ModuleType

from dsl import Program, parse
from dsl.library import read_program
from evosearch.export import export
from evosearch.export.loading import load

KNOWN = ("adamw", "lion", "adafactor", "muon")


@cache
def module_of(name: str, target: str) -> ModuleType:
    """The checked export of a program of the library."""
    return load(export(program_of(name), target, name).source, "exported")


@cache
def program_of(name: str) -> Program:
    """A program of the library."""
    return parse(read_program(name))
