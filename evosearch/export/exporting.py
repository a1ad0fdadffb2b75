"""From a program to a checked source: what each target is written and checked by."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType

from dsl.program import Program
from evosearch.errors import InputError, did_you_mean
from evosearch.export import jax_formulas, latex_formulas, torch_formulas
from evosearch.export.algoperf import algoperf_at_hand, algoperf_source
from evosearch.export.document import class_name, function_name
from evosearch.export.formula import Formula
from evosearch.export.latex import latex_source
from evosearch.export.loading import load, need
from evosearch.export.naming import name_constants
from evosearch.export.optax_run import optax_stepper
from evosearch.export.optax_source import optax_source
from evosearch.export.rate import with_learning_rate
from evosearch.export.torch_run import torch_stepper
from evosearch.export.torch_source import torch_source
from evosearch.export.trace import Parameter, Trace, trace
from evosearch.export.verify import STEPS, verify

MEANT = frozenset(
    [
        *("annotations", "functools", "math", "partial", "cast"),
        *("Any", "Callable", "Iterator", "NamedTuple"),
        *("jax", "jnp", "optax", "jax_sharding_utils", "spec"),
        *("torch", "Tensor", "Tensors", "Optimizer", "ParamsT"),
        *("init_optimizer_state", "update_params", "prepare_for_eval"),
        *("get_batch_size", "data_selection"),
    ]
)
"""Names that a generated module imports or defines, so that its export has none."""


@dataclass(frozen=True, slots=True)
class Export:
    """A source that was checked.

    Attributes:
        source: its text.
        name: of the factory or class in it.
        parameters: the constants that have names, learning rate first.
        steps: how many were compared with the program; none for what does not run.
    """

    source: str
    name: str
    parameters: tuple[Parameter, ...]
    steps: int


def export(program: Program, target: str, name: str) -> Export:
    """Write a valid program as the source of a target.

    Args:
        program: may have dead code, which is left out.
        target: one of `TARGETS`.
        name: of what is made; a class has capitals in the place of underscores.

    Raises:
        InputError: the target or the name cannot be, a function has no formula there,
            a library for the check is missing, or the check fails.
    """
    found = TARGETS[checked_target(target)]
    return found.write(_trace(program, target), checked_name(name))


def latex_of(program: Program, name: str) -> str:
    """The LaTeX of a valid program, whatever its name and whosever its functions."""
    return latex_source(_trace(program, "latex"), name)


def checked_target(target: str) -> str:
    """A target that there is.

    Raises:
        InputError: there is none of this name.
    """
    if target not in TARGETS:
        raise InputError(f"--to {target}: {did_you_mean(target, TARGETS)}")
    return target


def checked_name(name: str) -> str:
    """A name as a function's, which as a class's has capitals.

    Raises:
        InputError: it cannot be one, or means something else in an exported module.
    """
    made = function_name(name)
    for each in (made, class_name(made)):
        taken = each in MEANT or hasattr(builtins, each)
        if not each.isidentifier() or keyword.iskeyword(each) or taken:
            raise InputError(
                f"{name!r} cannot be the name of what is exported; give another with "
                "--name, such as found_optimizer"
            )
    return made


def _trace(program: Program, target: str) -> Trace:
    asked = TARGETS[target]
    formulas, added = asked.formulas, False
    if asked.has_rate:
        program, added = with_learning_rate(program)
    found = trace(program, split_clip="clip_by_global_norm" not in formulas)
    found = replace(found, constant_rate=added)
    for step in found.steps:
        if step.function not in formulas and not asked.any_function:
            raise InputError(
                f"--to {target}: `{step.function}` is a function of your own, of which "
                "there is no source; write the program without it, or export to latex"
            )
    return name_constants(found)


def _to_optax(found: Trace, name: str) -> Export:
    need("optax", "--to optax: an export")
    source = optax_source(found, name)
    _verify_optax(found, load(source, name), name)
    return Export(source, name, found.parameters, STEPS)


def _verify_optax(found: Trace, module: ModuleType, name: str) -> None:
    """Compare compiled steps, which are fast; else steps of one call by another.

    XLA rewrites what it compiles: it has x log 10 for log 10^x, where 10^x is infinite.
    """
    try:
        verify(found.program, optax_stepper(found, module, name), name)
    except InputError:
        verify(found.program, optax_stepper(found, module, name, compiled=False), name)


def _to_torch(found: Trace, name: str) -> Export:
    need("torch", "--to torch: an export")
    source = torch_source(found, name)
    verify(found.program, torch_stepper(found, load(source, name), name), name)
    return Export(source, class_name(name), found.parameters, STEPS)


def _to_algoperf(found: Trace, name: str) -> Export:
    need("optax", "--to algoperf: an export")
    source = algoperf_source(found, name)
    with algoperf_at_hand():
        module = load(source, name)
    _verify_optax(found, module, name)
    return Export(source, name, found.parameters, STEPS)


def _to_latex(found: Trace, name: str) -> Export:
    return Export(latex_source(found, name), name, found.parameters, 0)


@dataclass(frozen=True, slots=True)
class Target:
    """What a program can be exported to.

    Attributes:
        write: makes the source of a trace, of a name, and checks it.
        formulas: how it writes each function of the language.
        file: what an export is called by default, `{}` its name.
        any_function: whether it has a way to write those without a formula too.
        has_rate: whether a program without a learning rate is given one there.
    """

    write: Callable[[Trace, str], Export]
    formulas: Mapping[str, Formula]
    file: str
    any_function: bool = False
    has_rate: bool = True


TARGETS = {
    "optax": Target(_to_optax, jax_formulas.FORMULAS, "{}_optax.py"),
    "torch": Target(_to_torch, torch_formulas.FORMULAS, "{}_torch.py"),
    "latex": Target(
        _to_latex,
        latex_formulas.FORMULAS,
        "{}.tex",
        any_function=True,
        has_rate=False,
    ),
    "algoperf": Target(_to_algoperf, jax_formulas.FORMULAS, "{}_algoperf.py"),
}
"""Those that there are, by the word after `--to`."""
