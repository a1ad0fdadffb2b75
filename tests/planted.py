"""A strategy: programs in which laws have something to simplify."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from dsl import FUNCTIONS, Program, Type
from dsl.laws import LAWS
from dsl.numbered import Numbered, Value, named, number
from dsl.patterns import CONSTANTS, Building, Pattern, Term, variables
from dsl.program import Constant
from dsl.rewriting import Law, sides
from tests.strategies import chosen, programs

EQUATIONS = [law for law in LAWS if isinstance(law, Law)]
NUMBERS = (1.0, 0.5, -0.5, 2.0, 0.8999999761581421, 0.25, 1.5, -2.0)


@st.composite
def planted(draw: st.DrawFn, *, exact: bool = False) -> Program:
    """A short program, and the left sides of some laws applied to its values.

    A condition of a law may not hold.
    """
    laws = [law for law in EQUATIONS if law.exact or not exact]
    constants = st.sampled_from(NUMBERS).map(Constant)
    program = number(draw(programs(max_statements=4, numbers=constants)))
    for _ in range(draw(st.integers(1, 4))):
        left, _, _ = sides(chosen(draw, laws))
        kinds = types_wanted(left)
        bound = {
            name: draw(values(program, kinds.get(name), name in CONSTANTS))
            for name in sorted(variables(left))
        }
        building = Building(list(program.types))
        building.value(left, bound, "t")
        calls = (*program.calls, *building.calls)
        program = Numbered(program.origin, calls, program.outputs)
    return named(ended(draw, program))


def ended(draw: st.DrawFn, program: Numbered) -> Numbered:
    """The program with the last Tree for its update, and late ones for its states."""
    trees = [v for v, kind in enumerate(program.types) if kind is Type.TREE]
    states = [chosen(draw, trees[-4:]) for _ in program.outputs[1:]]
    return replace(program, outputs=(trees[-1], *states))


def types_wanted(wanted: Pattern) -> dict[str, tuple[Type, ...]]:
    """What the functions of a pattern accept for its names, where that is not all."""
    if not isinstance(wanted, Term):
        return {}
    found: dict[str, tuple[Type, ...]] = {}
    parameters = FUNCTIONS[wanted.function].parameters
    for argument, parameter in zip(wanted.arguments, parameters, strict=True):
        found |= types_wanted(argument)
        if isinstance(argument, str) and len(parameter.accepts) == 1:
            found[argument] = parameter.accepts
    return found


def values(
    program: Numbered, kinds: tuple[Type, ...] | None, constant: bool
) -> st.SearchStrategy[Value]:
    """A value of the program, or a constant, that a pattern's name may stand for."""
    if constant:
        return st.sampled_from(NUMBERS).map(Constant)
    wanted = kinds or (Type.TREE,)
    fitting = [v for v, kind in enumerate(program.types) if kind in wanted]
    # Mostly what was made last, so that laws meet.
    return st.sampled_from(fitting + fitting[-2:] * len(fitting))
