"""The digest names what is computed: blind to words, awake to every live number."""

import math
from collections import defaultdict
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl import FUNCTIONS, Program, digest, fingerprint, live, parse, prune
from dsl.digest import digest_of_pruned
from dsl.functions import SETS
from dsl.program import Constant, Statement, Variable
from tests.equivalences import REWORDINGS, reworded
from tests.stepping import bits, updates, with_statements
from tests.strategies import constants, programs

Rewording = Callable[[Program], st.SearchStrategy[Program]]


def one_line(expression: str) -> Program:
    return parse(
        f"def train(w, g, m, v, lr, step):\n  u = {expression}\n  return u, m, v\n"
    )


@pytest.mark.parametrize("rewording", REWORDINGS, ids=lambda each: each.__name__)
@settings(max_examples=25)
@given(data=st.data(), program=programs())
def test_words_do_not_matter(
    rewording: Rewording, data: st.DataObject, program: Program
) -> None:
    other = data.draw(rewording(program))
    assert digest(other) == digest(program)
    assert fingerprint(other) == fingerprint(program)
    assert bits(updates(other, 4)) == bits(updates(program, 4))


@settings(max_examples=25)
@given(programs())
def test_a_digest_is_32_hexadecimal_digits_of_the_pruned_program(
    program: Program,
) -> None:
    found = digest(program)
    assert len(found) == 32
    assert set(found) <= set("0123456789abcdef")
    assert found == digest(prune(program)) == digest_of_pruned(prune(program))


def changed_constants(value: float) -> st.SearchStrategy[float]:
    single = np.float32(value)
    with np.errstate(all="ignore"):
        near = [np.nextafter(single, np.float32(to)) for to in (-np.inf, np.inf)]
    finite = [float(each) for each in near if np.isfinite(each)]
    return st.sampled_from([*finite, -value])


def scaled(program: Program, factor: Constant) -> Program:
    """A program whose update is multiplied with a constant at last."""
    update = program.outputs[0]
    last = Statement(update, "multiply", (Variable(update), factor))
    return with_statements(program, [*program.statements, last])


@settings(max_examples=50)
@given(st.data(), st.builds(scaled, programs(), constants()))
def test_every_live_constant_matters_to_the_last_bit(
    data: st.DataObject, program: Program
) -> None:
    spots = [
        (index, place)
        for index, (statement, alive) in enumerate(
            zip(program.statements, live(program).statements, strict=True)
        )
        for place, argument in enumerate(statement.arguments)
        if alive and isinstance(argument, Constant)
    ]
    index, place = data.draw(st.sampled_from(spots))
    statement = program.statements[index]
    arguments = list(statement.arguments)
    old = arguments[place]
    assert isinstance(old, Constant)
    arguments[place] = Constant(data.draw(changed_constants(old.value)))
    statements = list(program.statements)
    statements[index] = Statement(
        statement.target, statement.function, tuple(arguments)
    )
    assert digest(with_statements(program, statements)) != digest(program)


def test_zero_and_minus_zero_are_two_constants() -> None:
    assert digest(one_line("power(w * 0.0, lr)")) != digest(
        one_line("power(w * -0.0, lr)")
    )


def alike(name: str) -> list[str]:
    """Functions that can stand where another one does."""
    row = FUNCTIONS[name]
    accepts = [parameter.accepts for parameter in row.parameters]
    return [
        other.name
        for other in map(FUNCTIONS.__getitem__, SETS["lion"])
        if other.name != name
        and [parameter.accepts for parameter in other.parameters] == accepts
        and other.result == row.result
    ]


@settings(max_examples=50)
@given(st.data(), programs(min_statements=4))
def test_every_live_function_matters(data: st.DataObject, program: Program) -> None:
    flags = live(program).statements
    spots = [
        i
        for i, flag in enumerate(flags)
        if flag and alike(program.statements[i].function)
    ]
    assume(spots)
    index = data.draw(st.sampled_from(spots))
    statement = program.statements[index]
    other = data.draw(st.sampled_from(alike(statement.function)))
    statements = list(program.statements)
    statements[index] = Statement(statement.target, other, statement.arguments)
    assert digest(with_statements(program, statements)) != digest(program)


ORDERED = [
    name
    for name in SETS["lion"]
    if len((row := FUNCTIONS[name]).parameters) >= 2
    and row.parameters[0].accepts == row.parameters[1].accepts
    and not row.commutative
]


@pytest.mark.parametrize("name", ORDERED)
def test_the_order_of_other_arguments_matters(name: str) -> None:
    rest = ", 0.3" * (len(FUNCTIONS[name].parameters) - 2)
    one, other = one_line(f"{name}(w, g{rest})"), one_line(f"{name}(g, w{rest})")
    assert digest(one) != digest(other)
    assert fingerprint(one) != fingerprint(other)


def test_the_ordered_functions_are_these() -> None:
    assert set(ORDERED) == {"subtract", "divide", "power", "interpolate"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("w + 0.0 * g", "g + 0.0 * w"),
        ("w * lr", "w * step"),
        ("w * lr", "g * lr"),
        ("abs(w)", "sqrt(square(w))"),
        ("w + (g + m)", "(w + g) + m"),
        ("w * 2.0", "w + w"),
    ],
)
def test_what_is_not_the_same_bit_for_bit_is_not_merged(one: str, other: str) -> None:
    assert digest(one_line(one)) != digest(one_line(other))


def test_the_two_states_are_told_apart_by_their_place() -> None:
    text = "def train(w, g, m, v, lr):\n  u = {} - {}\n  m = m + g\n  v = v - g\n"
    one, other = (
        parse(f"{text.format(*states)}  return u, m, v\n") for states in ("mv", "vm")
    )
    assert digest(one) != digest(other)
    assert fingerprint(one) != fingerprint(other)


def test_which_state_is_returned_in_which_place_matters() -> None:
    text = "def train(w, g, m, v, lr):\n  a = m + g\n  b = v - g\n  u = m / v\n"
    one, other = parse(f"{text}  return u, a, b\n"), parse(f"{text}  return u, b, a\n")
    assert digest(one) != digest(other)


def small_programs() -> list[Program]:
    """Every program of two calls over a few functions and arguments."""
    functions = ("add", "subtract", "multiply", "maximum", "divide")
    inputs = (Variable("w"), Variable("g"), Variable("lr"), Constant(-2.0))
    first = [
        Statement("a", name, pair)
        for name, pair in product(functions, product(inputs, inputs))
    ]
    second = [
        Statement("u", name, pair)
        for name in functions
        for pair in product((Variable("a"), *inputs[:2]), repeat=2)
    ]
    scalars = {"lr", ""}
    return [
        Program("w", "g", (), "lr", None, (one, two), ("u",))
        for one, two in product(first, second)
        if not (set(one.reads) <= scalars and set(two.reads) <= {"a"})
    ]


def test_equal_digests_mean_equal_updates_among_all_small_programs() -> None:
    groups = defaultdict(list)
    for program in small_programs():
        groups[digest(program)].append(program)
    merged = [group for group in groups.values() if len(group) > 1]
    assert len(merged) > 100
    random = np.random.default_rng(0)
    for index in random.choice(len(merged), 100, replace=False):
        group = merged[index]
        one, other = group[0], group[int(random.integers(1, len(group)))]
        assert bits(updates(one, 2)) == bits(updates(other, 2))
        assert fingerprint(one) == fingerprint(other)


def test_unequal_digests_mean_different_formulas_among_all_small_programs() -> None:
    """A second value numbering, with texts for hashes and by another road."""
    texts: dict[str, str] = {}
    for program in small_programs():
        text = formula(program)
        assert texts.setdefault(text, digest(program)) == digest(program)
    assert len(set(texts.values())) == len(texts)


def formula(program: Program) -> str:
    """The update as one expression, arguments of commutative functions sorted."""
    values = {"w": "w", "g": "g", "lr": "lr"}
    for statement in program.statements:
        parts = [
            values[each.name] if isinstance(each, Variable) else repr(each.value)
            for each in statement.arguments
        ]
        if FUNCTIONS[statement.function].commutative:
            parts.sort()
        values[statement.target] = f"{statement.function}({', '.join(parts)})"
    return values["u"]


@settings(max_examples=40)
@given(
    programs(
        functions=("maximum", "minimum", "multiply", "negative", "power"),
        numbers=st.sampled_from([Constant(v) for v in (0.0, -0.0, -1.0, 2.0)]),
    ),
    st.data(),
)
def test_signed_zeros_do_not_tell_swapped_arguments_apart(
    program: Program, data: st.DataObject
) -> None:
    other = data.draw(reworded(program))
    assert fingerprint(other) == fingerprint(program)
    assert bits(updates(other, 2)) == bits(updates(program, 2))


def test_a_power_shows_the_sign_of_a_maximum_of_zeros() -> None:
    one = one_line("power(maximum(w * 0.0, 0.0), -1.0)")
    other = one_line("power(maximum(0.0, w * 0.0), -1.0)")
    assert digest(one) == digest(other)
    assert fingerprint(one) == fingerprint(other)
    (update,) = updates(one, 1)
    assert all((leaf == math.inf).all() for leaf in update)
