"""Known programs, and what simplifying makes of them."""

from __future__ import annotations

import doctest

import pytest

from dsl import digest, parse, prune, simplify, unparse
from dsl.library import read_program


def test_the_example_in_the_documentation() -> None:
    examples = doctest.DocTestFinder().find(simplify, globs={"simplify": simplify})
    results = [doctest.DocTestRunner().run(each) for each in examples]
    assert sum(each.attempted for each in results) > 3
    assert not any(each.failed for each in results)


def test_program_8_of_the_paper_becomes_lion_but_for_clip_and_arcsin() -> None:
    """Chen et al. 2023, appendix I: those two take no law but a training to remove."""
    derivation = simplify(parse(read_program("paper/program8")))
    assert [step.law for step in derivation.steps] == [
        "dead statements and states",
        "product with itself",
        "root of a square",
        "product over abs",
        "common factor inside",
        "interpolation towards the first, twice",
    ]
    assert [step.exact for step in derivation.steps] == [True, True, *[False] * 4]
    assert (
        unparse(derivation.program)
        == """\
def train(w, g, v, lr):
    g = clip(g, lr)
    g = arcsin(g)
    m = interp(g, v, 0.9)
    v = interp(g, v, 0.99821967)
    lr = lr * 0.00021717617
    update = sign(m)
    update_2 = w * 0.46019784
    update = update + update_2
    update = update * lr
    return update, v
"""
    )


def test_program_8_without_clip_and_arcsin_is_lion_itself() -> None:
    text = read_program("paper/program8")
    for line in ("g = clip(g, lr)", "g = arcsin(g)"):
        text = text.replace(f"    {line}\n", "")
    betas = ("0.9", "0.99821967", "0.46019784", "0.00021717617")
    lion = "interp(g, m, {}); m = interp(g, m, {}); u = sign(u) + w * {}; lr = lr * {}"
    body = lion.format(*betas).replace("; ", "\n  ")
    wanted = f"def train(w, g, m, lr):\n  u = {body}\n  return u * lr, m\n"
    assert digest(simplify(parse(text)).program) == digest(parse(wanted))


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return (g * 2.0) * 3.0, m, v", "return g * 6.0"),
        ("return -(-g), m, v", "return g"),
        ("return sign(sign(-g) * lr), m, v", "return -sign(g)"),
        (
            "return maximum(tanh(g), 1.5) - g * 0.0, m, v",
            "return maximum(tanh(g), 1.5)",
        ),
        ("return minimum(tanh(g), 1.5), m, v", "return tanh(g)"),
        ("return clip(clip(g, 2.0), 1.0), m, v", "return clip(g, 1.0)"),
        ("return g / sqrt(g * g), m, v", "return sign(g)"),
        ("return abs(square(g)) * square(g), m, v", "return square(square(g))"),
        ("return sign(g * dot(w, w)), m, v", None),
        ("return g / g, m, v", None),
        ("return (g * w) / g, m, v", None),
        ("return clip(clip(g, -2.0), 1.0), m, v", None),
        ("return sign(arcsin(g)), m, v", None),
        ("return power(g, 0.5), m, v", None),
    ],
)
def test_small_programs(body: str, wanted: str | None) -> None:
    """None: nothing may be done, since a condition does not hold."""
    program = parse(f"def train(w, g, m, v, lr):\n  {body}\n")
    simple = simplify(program).program
    if wanted is None:
        assert simple == prune(program)
    else:
        assert digest(simple) == digest(parse(f"def train(w, g, lr):\n  {wanted}\n"))


@pytest.mark.parametrize(
    ("body", "states"),
    [
        ("m = interp(g * 2.0, m, 0.9); return sign(m), m, v", 1),
        ("m = interp(g, m, 0.9); v = interp(g, v, 0.9); return m + v, m, v", 1),
        ("return g + m + v, m, v * 0.9", 0),
        ("m = m + 1.0; return g / m, m, v", 0),
        ("m = m + g; v = v + g * 2.0; return m / v, m, v", 2),
    ],
)
def test_small_programs_with_states(body: str, states: int) -> None:
    lines = body.replace("; ", "\n  ")
    program = parse(f"def train(w, g, m, v, lr, step):\n  {lines}\n")
    assert len(simplify(program).program.states) == states


@pytest.mark.parametrize(
    "body",
    [
        "m = cosh(m * 0.9); return g * m, m, v",
        "m = interp(g * 2.0, m, 0.9); return m, m, v",
        "m = interp(g * 2.0, m, 0.9); v = m + w; return sign(m) * v, m, v",
        "m = interp(g * -2.0, m, 0.9); return sign(m), m, v",
        "m = m + 1.0; return m, m, v",
        "m = interp(g, m, 0.9); v = interp(g, v, 0.99); return m + v, m, v",
    ],
)
def test_states_that_no_law_may_touch(body: str) -> None:
    lines = body.replace("; ", "\n  ")
    program = parse(f"def train(w, g, m, v, lr, step):\n  {lines}\n")
    assert simplify(program).program == prune(program)
