"""Exports do what their programs do: left alone for 100 steps, and step by step."""

from collections.abc import Sequence
from functools import cache

import jax
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

from dsl import Program, parse
from dsl.interpret import uses_matrices
from dsl.program import Constant
from evosearch.errors import InputError
from evosearch.export import export
from evosearch.export.document import class_name
from evosearch.export.loading import load
from evosearch.export.naming import name_constants
from evosearch.export.optax_run import optax_stepper
from evosearch.export.optax_source import optax_source
from evosearch.export.torch_run import torch_stepper
from evosearch.export.torch_source import torch_source
from evosearch.export.trace import Trace, trace
from evosearch.export.verify import verify
from tests.agreement import assert_agrees, random_inputs
from tests.evosearch.export.exported import KNOWN, module_of, program_of
from tests.parity.training import (
    FIRST_WEIGHTS,
    GRADIENTS,
    RATES,
    SHAPES,
    Arrays,
    by_interpreter,
    by_machine,
    by_optax,
)
from tests.stepping import with_argument
from tests.strategies import matrix_programs, programs

TOLERANCE = 2e-5
"""Of a weight, relative to the largest that its array ever has, after 100 steps."""


def peak_of(name: str) -> float:
    found = name_constants(trace(program_of(name)))
    return found.parameters[0].value


@cache
def expected(name: str) -> Arrays:
    program = program_of(name)
    return (by_interpreter if uses_matrices(program) else by_machine)(program)


def furthest(ours: Arrays, theirs: Arrays) -> float:
    return max(
        float(np.max(np.abs(ours[name] - array)) / np.max(np.abs(array)))
        for name, array in theirs.items()
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_an_optax_export_trains_as_its_program(name: str) -> None:
    rates, peak = jax.numpy.asarray(RATES), peak_of(name)
    optimizer = getattr(module_of(name, "optax"), name)(lambda n: peak * rates[n])
    assert furthest(by_optax(optimizer), expected(name)) < TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_a_torch_export_trains_as_its_program(name: str) -> None:
    params = {
        each: torch.nn.Parameter(torch.tensor(array))
        for each, array in FIRST_WEIGHTS.items()
    }
    make = getattr(module_of(name, "torch"), class_name(name))
    optimizer = make(params.values(), lr=peak_of(name))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: RATES[n % 100])
    found: dict[str, list[np.ndarray]] = {each: [] for each in SHAPES}
    for step in range(len(RATES)):
        for each, p in params.items():
            p.grad = torch.tensor(GRADIENTS[each][step])
        optimizer.step()
        scheduler.step()
        for each, p in params.items():
            found[each].append(p.detach().numpy().copy())
    trained = {each: np.stack(arrays) for each, arrays in found.items()}
    assert furthest(trained, expected(name)) < TOLERANCE


RANDOM = programs(min_statements=3, max_statements=12)


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(RANDOM | matrix_programs(min_statements=2, max_statements=8))
def test_exports_of_random_programs_agree(program: Program) -> None:
    for target in ("optax", "torch"):
        assert export(program, target, "found").steps == 50


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(RANDOM | matrix_programs(min_statements=2, max_statements=8))
def test_exports_of_many_random_programs_agree(program: Program) -> None:
    for target in ("optax", "torch"):
        assert export(program, target, "found").steps == 50


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(RANDOM)
def test_defaults_in_float32_agree_as_far_as_rounding_lets_them(
    program: Program,
) -> None:
    found = name_constants(trace(program))
    module = load(optax_source(found, "found"), "found")
    for seed in range(3):
        trees, rate, count = random_inputs(found.program, seed)
        arrays = jax.tree.map(lambda x: jax.numpy.asarray(x, np.float32), trees)
        options = {}
        if found.reads_rate():
            options["learning_rate"] = rate * found.parameters[0].value
        state = module.FoundState(jax.numpy.asarray(int(count) - 1), *arrays[2:])
        with jax.numpy_dtype_promotion("standard"):
            updates, after = module.found(**options).update(arrays[1], state, arrays[0])
        assert_agrees(
            [[-leaf for leaf in updates], *after[1:]],
            found.program,
            (trees, rate, count),
        )


@pytest.mark.parametrize("target", ["optax", "torch"])
@pytest.mark.parametrize(
    "text",
    [
        # A state is called as something of the frame, or as another but for the mark.
        "def train(w, g, lr, rate):\n  u = lr * rate\n  return u, g",
        "def train(w, g, _t, t, rate):\n  u = t * rate\n  return u, g, u",
        "def train(w, g, updates, state, rate):\n  u = state * rate\n  return u, g, u",
        # XLA computes the second of two inverse functions without the first.
        """def train(w, g, m, lr):
            x = reciprocal(m)
            x = exp10(x)
            u = log(x)
            return g, u""",
        # A number of each weight array is transposed.
        """def train(w, g, lr):
            n = norm(g)
            n = transpose(n)
            n = outer(n, n)
            u = w * n
            return u""",
        # The second of an interpolation is the smaller, or the first, or both are.
        "def train(w, g, lr):\n  n = norm(g)\n  u = interp(w, n, 0.5)\n  return u",
        "def train(w, g, lr):\n  n = norm(g)\n  u = interp(n, w, 0.5)\n  return u",
        """def train(w, g, lr):
            n = norm(g)
            s = square(w)
            u = interp(s, n, 0.5)
            return u""",
        """def train(w, g, r: (r, 1), c: (1, c), lr):
            u = interp(r, c, 0.5)
            u = u + w
            return u, r, c""",
        # A view is read, after or while what it shows could be written over.
        """def train(w, g, m: (r, r), lr):
            v = transpose(w)
            v = tan(v)
            u = matmul(m, w)
            m = matmul(w, v)
            return u, m""",
        """def train(w, g, m: (r, r), lr):
            v = transpose(m)
            m = m + v
            u = matmul(m, g)
            return u, m""",
        """def train(w, g, m: (r, r), n: (r, r), lr):
            v = transpose(m)
            u = matmul(n, g)
            return u, n, v""",
        """def train(w, g, m: (r, 1), lr):
            x = m * 2.0
            v = diagonal(outer(x, x))
            x = x + 1.0
            u = g * v
            u = u * x
            return u, x""",
    ],
)
def test_exports_of_what_once_went_wrong_agree(text: str, target: str) -> None:
    assert export(parse(text), target, "found").steps == 50


def wrong_constant(found: Trace) -> Sequence[Program]:
    """The program with one constant a thousandth off, for each constant."""
    wrong = []
    for index, statement in enumerate(found.program.statements):
        for place, each in enumerate(statement.arguments):
            if isinstance(each, Constant):
                near = Constant(float(np.float32(1.001 * each.value)))
                wrong.append(with_argument(found.program, index, place, near))
    return wrong


@pytest.mark.parametrize("target", ["optax", "torch"])
def test_the_check_notices_a_constant_that_is_off(target: str) -> None:
    found = name_constants(trace(program_of("lion")))
    if target == "optax":
        module = load(optax_source(found, "lion"), "lion")
        stepper = optax_stepper(found, module, "lion")
    else:
        stepper = torch_stepper(
            found, load(torch_source(found, "lion"), "lion"), "lion"
        )
    verify(found.program, stepper, "lion")
    others = wrong_constant(found)
    assert len(others) == 4
    for other in others:
        with pytest.raises(InputError, match="lion is not written: in step"):
            verify(other, stepper, "lion")
