"""Liveness against the experiment: what is dead may compute anything, even NaN.

Every function but `power` (1 to any power is 1) passes NaN on. So a statement is live
exactly if NaN in its place reaches an update, in as many steps as it takes.
"""

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings

from dsl import Program, live, parse, unparse
from dsl.check import infer_types
from dsl.functions import SETS
from dsl.interpret import Leaves, interpret
from dsl.library import read_program
from dsl.live import live_in_one_call
from dsl.program import Constant, Statement, Variable
from dsl.types import Type
from tests.stepping import SHAPES, bits, random_tree, updates, with_statements
from tests.strategies import programs

PASSING_ON = tuple(name for name in SETS["lion"] if name != "power")
POISONS = {
    Type.SCALAR: "poison_scalar",
    Type.LEAFWISE: "poison_leafwise",
    Type.TREE: "poison_tree",
}


def poisoned(program: Program, chosen: Callable[[int], bool]) -> Program:
    """The chosen statements give NaN, of the type that they had."""
    scalar, leafwise, tree = POISONS.values()
    brew = (
        Statement(scalar, "arcsin", (Constant(2.0),)),
        Statement(tree, "multiply", (Variable(program.gradient), Variable(scalar))),
        Statement(leafwise, "norm", (Variable(tree),)),
    )
    types = infer_types(program)
    body = [
        Statement(statement.target, "negative", (Variable(POISONS[types[index]]),))
        if chosen(index)
        else statement
        for index, statement in enumerate(program.statements)
    ]
    return with_statements(program, [*brew, *body])


def has_nan(trees: list[Leaves]) -> bool:
    return any(np.isnan(leaf).any() for tree in trees for leaf in tree)


def steps(program: Program) -> int:
    """Enough for anything to pass through all the states."""
    return 1 + len(program.states)


@settings(max_examples=40)
@given(programs())
def test_dead_statements_may_compute_anything(program: Program) -> None:
    alive = live(program).statements
    other = poisoned(program, lambda index: not alive[index])
    taken = steps(program) + 2
    assert bits(updates(other, taken)) == bits(updates(program, taken))


@settings(max_examples=40)
@given(programs(functions=PASSING_ON))
def test_live_statements_reach_the_update(program: Program) -> None:
    for index, alive in enumerate(live(program).statements):
        other = poisoned(program, lambda each, index=index: each == index)
        assert not alive or has_nan(updates(other, steps(program)))


def updates_from(program: Program, state: int, value: float) -> list[Leaves]:
    """The updates where one state starts from a value, and the others from zero."""
    states = [[np.zeros(shape) for shape in SHAPES] for _ in program.states]
    states[state] = [np.full(shape, value) for shape in SHAPES]
    found = []
    with np.errstate(all="ignore"):
        for index in range(steps(program)):
            trees = [random_tree(1), random_tree(2), *states]
            rate, step = np.asarray(0.5), np.asarray(index + 1.0)
            update, *states = interpret(program, np, trees, rate, step)
            found.append(update)
    return found


@settings(max_examples=40)
@given(programs(functions=PASSING_ON))
def test_live_states_are_those_that_reach_the_update(program: Program) -> None:
    for state, alive in enumerate(live(program).states):
        if alive:
            assert has_nan(updates_from(program, state, np.nan))
        else:
            changed = updates_from(program, state, np.nan)
            assert bits(changed) == bits(updates_from(program, state, 0.0))


@settings(max_examples=40)
@given(programs(functions=PASSING_ON))
def test_one_call_counts_every_output(program: Program) -> None:
    def outputs(each: Program) -> list[Leaves]:
        trees = [random_tree(seed) for seed in range(2 + len(program.states))]
        with np.errstate(all="ignore"):
            return interpret(each, np, trees, np.asarray(0.5), np.asarray(1.0))

    flags = live_in_one_call(program)
    assert flags.states == (True,) * len(program.states)
    for index, alive in enumerate(flags.statements):
        changed = outputs(poisoned(program, lambda each, index=index: each == index))
        if alive:
            assert has_nan(changed)
        else:
            assert bits(changed) == bits(outputs(program))


@settings(max_examples=40)
@given(programs())
def test_what_is_live_is_live_in_one_call(program: Program) -> None:
    pairs = zip(
        live(program).statements, live_in_one_call(program).statements, strict=True
    )
    assert all(in_one_call or not alive for alive, in_one_call in pairs)


def test_program_8_has_8_dead_statements_in_one_call_and_9_in_all() -> None:
    program = parse(read_program("paper/program8"))
    in_one_call = live_in_one_call(program).statements
    in_all = live(program).statements
    assert len(in_all) == 21
    assert (in_one_call.count(False), in_all.count(False)) == (8, 9)
    (index,) = [i for i in range(21) if in_one_call[i] and not in_all[i]]
    assert unparse(program).splitlines()[1 + index].strip() == "m = cosh(update)"
    assert live(program).states == (False, True)


def test_a_state_may_reach_the_update_through_other_states() -> None:
    program = parse(
        "def train(w, g, a, b, c, d, lr):\n"
        "    old = b\n"
        "    b = a + 0.0\n"
        "    a = g * lr\n"
        "    d = d + c\n"
        "    return c, a, b, old, d\n"
    )
    assert live(program).states == (True, True, True, False)


def test_a_state_that_only_feeds_itself_is_dead() -> None:
    program = parse("def train(w, g, m, lr):\n  m = m + g\n  return g, m\n")
    assert live(program).states == (False,)
    assert live(program).statements == (False,)
    assert live_in_one_call(program).statements == (True,)
