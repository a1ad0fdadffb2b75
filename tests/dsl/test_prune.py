"""Pruning drops what is dead, all of it, and changes no update by a single bit."""

import pytest
from hypothesis import given, settings

from dsl import Program, check, live, parse, prune
from dsl.bytecode import bytecode
from dsl.library import program_names, read_program
from dsl.live import Live
from tests.stepping import bits, jax_updates, updates
from tests.strategies import programs


@settings(max_examples=50)
@given(programs())
def test_updates_stay_the_same_bit_for_bit(program: Program) -> None:
    assert bits(updates(prune(program), 5)) == bits(updates(program, 5))


@settings(max_examples=8)
@given(programs())
def test_lowered_updates_stay_the_same_bit_for_bit(program: Program) -> None:
    assert bits(jax_updates(prune(program), 3)) == bits(jax_updates(program, 3))


@pytest.mark.parametrize("name", program_names())
def test_programs_of_the_library_stay_the_same(name: str) -> None:
    program = parse(read_program(name))
    assert bits(updates(prune(program), 5)) == bits(updates(program, 5))
    assert bits(jax_updates(prune(program), 5)) == bits(jax_updates(program, 5))


@settings(max_examples=25)
@given(programs())
def test_the_machine_is_given_the_same_code(program: Program) -> None:
    one, other = bytecode(program), bytecode(prune(program))
    for name in ("trees", "scalars", "until", "values"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert (one.update, one.rows) == (other.update, other.rows)


@settings(max_examples=40)
@given(programs())
def test_pruning_leaves_nothing_to_prune(program: Program) -> None:
    pruned = prune(program)
    check(pruned)
    assert prune(pruned) == pruned
    everything = (True,) * len(pruned.statements), (True,) * len(pruned.states)
    assert live(pruned) == Live(*everything)


@settings(max_examples=40)
@given(programs())
def test_what_is_kept_is_what_is_live_in_its_order(program: Program) -> None:
    pruned, alive = prune(program), live(program)
    kept = [
        s for s, flag in zip(program.statements, alive.statements, strict=True) if flag
    ]
    assert list(pruned.statements) == kept
    states = [s for s, flag in zip(program.states, alive.states, strict=True) if flag]
    assert list(pruned.states) == states
    names = ("weights", "gradient", "learning_rate", "step")
    assert all(getattr(pruned, each) == getattr(program, each) for each in names)
    assert pruned.outputs[0] == program.outputs[0]
    assert pruned.outputs[1:] == tuple(
        output
        for output, flag in zip(program.outputs[1:], alive.states, strict=True)
        if flag
    )
