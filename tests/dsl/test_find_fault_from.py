"""A change of one statement is checked from there on as by the whole check."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Program
from dsl.check import find_fault, find_fault_from, types_in_scope
from tests.strategies import programs


@settings(max_examples=100)
@given(programs(min_statements=1), st.data())
def test_what_follows_a_change_is_all_that_has_to_be_checked(
    program: Program, data: st.DataObject
) -> None:
    statements = program.statements
    place = data.draw(st.integers(0, len(statements) - 1))
    other = data.draw(st.sampled_from(statements))
    for put in ((), (other,), (other, statements[place])):
        changed = program._replace(
            statements=(*statements[:place], *put, *statements[place + 1 :])
        )
        scope = types_in_scope(program, place)
        assert find_fault_from(changed, place, scope) == find_fault(changed)
