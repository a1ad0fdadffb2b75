"""A program's update in mathematical notation, in plain Unicode.

What is read once is written where it is read; what is read more often, and every new
state, has a line of its own. A state is named m before the step and m′ after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from dsl.float32 import constant_text
from dsl.program import Argument, Constant, Program, Variable
from dsl.prune import prune

_SUM, _QUOTIENT, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)
"""How tightly an expression holds together."""

_Expression = tuple[str, int]

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_NEVER_NEGATIVE = {
    *("abs", "square", "sqrt", "exp", "exp2", "exp10", "cosh", "norm", "global_norm"),
    *("get_pi", "get_e", "get_eps", "row_count", "col_count"),
}
_AS_ITS_ARGUMENTS = {
    *("add", "multiply", "divide", "minimum", "maximum", "reciprocal", "cube", "cbrt"),
    *("power", "row_mean", "col_mean", "row_sum", "col_sum", "transpose", "sinh"),
    *("tanh", "arctan", "arcsinh", "expm1", "matmul", "outer"),
}
"""Functions whose values are not negative if no argument is."""


def equations(program: Program) -> list[str]:
    """The lines of the update, in the order of computation.

    w are the weights, g is the gradient, η the schedule's value (peak 1), t the step.
    Divisions are guarded: x / y is x / (y + 10⁻⁸).

    >>> from dsl import parse
    >>> text = "def train(w, g, m, lr):\\n  m = interp(g, m, 0.9)\\n  return m * lr, m"
    >>> print(*equations(parse(text)), sep="; ")
    m′ = 0.1 g + 0.9 m; w ← w − m′ η
    """
    return _Writer(prune(program)).lines()


class _Writer:
    """Writes one pruned program; values are known by the statement that made them."""

    def __init__(self, program: Program) -> None:
        self._program = program
        names: dict[str, _Expression] = {
            state: (_free(state), _ATOM) for state in program.states
        }
        names[program.weights], names[program.gradient] = ("w", _ATOM), ("g", _ATOM)
        names[program.learning_rate] = ("η", _ATOM)
        if program.step is not None:
            names[program.step] = ("t", _ATOM)
        self._now = names
        self._uses = _uses(program)
        self._positive = _never_negative(program)
        self._made: dict[str, int] = {}
        self._taken = {text for text, _ in names.values()}

    def lines(self) -> list[str]:
        """Every line."""
        found = []
        for place, statement in enumerate(self._program.statements):
            arguments = [self._written(each) for each in statement.arguments]
            written = _call(statement.function, arguments, self._roots(place))
            name = self._name(place)
            if name:
                found.append(f"{name} = {written[0]}")
                written = (name, _ATOM)
            self._now[statement.target] = written
            self._made[statement.target] = place
        outputs = self._program.outputs
        for state, output in zip(self._program.states, outputs[1:], strict=True):
            after = f"{_free(state)}′"
            if self._now[output][0] != after:
                found.append(f"{after} = {self._now[output][0]}")
        update = _inside(self._now[outputs[0]], _QUOTIENT)
        return [*found, f"w ← w − {update}"]

    def _written(self, argument: Argument) -> _Expression:
        if isinstance(argument, Variable):
            return self._now[argument.name]
        return _number(argument.value)

    def _roots(self, place: int) -> bool:
        """Whether a root's argument can be negative, so that |.| has to be written."""
        argument = self._program.statements[place].arguments[:1]
        return not (argument and _is_positive(argument[0], self._positive[place]))

    def _name(self, place: int) -> str:
        """The name of a statement's value; none if it is written where it is read."""
        statement = self._program.statements[place]
        last = {s.target: n for n, s in enumerate(self._program.statements)}
        outputs = self._program.outputs[1:]
        for state, output in zip(self._program.states, outputs, strict=True):
            if output == statement.target and last[output] == place:
                return f"{_free(state)}′"
        if self._uses[place] < 2 or not statement.arguments:
            return ""
        name, number = statement.target, 1
        while name in self._taken:
            number += 1
            name = statement.target + str(number).translate(_SUBSCRIPTS)
        self._taken.add(name)
        return name


def _number(value: float) -> _Expression:
    """A constant: 0.9, 1, −0.5, 3 · 10⁻⁸."""
    text = constant_text(value).removesuffix(".0")
    digits, _, exponent = text.partition("e")
    if exponent:
        power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
        text = power if digits == "1" else f"{digits} · {power}"
    level = _SIGN if value < 0 else _PRODUCT if exponent and digits != "1" else _ATOM
    return text.replace("-", "−"), level


def _free(state: str) -> str:
    """A state's name, unless it is one of those that have a meaning."""
    return f"{state}_state" if state in ("w", "g", "η", "t") else state


def _uses(program: Program) -> Counter[int]:
    """How often the value of each statement is read, the update's reading included."""
    made: dict[str, int] = {}
    found: Counter[int] = Counter()
    for place, statement in enumerate(program.statements):
        reads = [a.name for a in statement.arguments if isinstance(a, Variable)]
        found.update(made[name] for name in reads if name in made)
        made[statement.target] = place
    found.update(made[name] for name in program.outputs[:1] if name in made)
    return found


def _never_negative(program: Program) -> list[set[str]]:
    """Before each statement, the variables that are surely not negative.

    States are taken to be so until a new value of one may be negative: they start at 0.
    """
    states = set(program.states)
    while True:
        shares: set[str] = set()
        positive = {*states, program.learning_rate, program.step or ""}
        found = []
        for statement in program.statements:
            found.append(set(positive))
            flags = [_is_positive(a, positive) for a in statement.arguments]
            positive.discard(statement.target)
            rest = _is_rest(statement.arguments, statement.function, shares)
            shares.discard(statement.target)
            if _is_decaying(statement.arguments, statement.function, program.step):
                shares.add(statement.target)
            same = len(flags) == 2 and statement.arguments[0] == statement.arguments[1]
            if (
                statement.function in _NEVER_NEGATIVE
                or rest
                or (statement.function == "multiply" and same)
                or (statement.function == "maximum" and any(flags))
                or (statement.function in _AS_ITS_ARGUMENTS and all(flags))
                or (_is_mean(statement.arguments, statement.function) and all(flags))
            ):
                positive.add(statement.target)
        outputs = program.outputs[1:]
        kept = {
            state
            for state, output in zip(program.states, outputs, strict=True)
            if state in states and output in positive
        }
        if kept == states:
            return found
        states = kept


def _is_mean(arguments: tuple[Argument, ...], function: str) -> bool:
    """Whether it interpolates between its arguments, and not beyond them."""
    share = arguments[2] if function == "interpolate" else None
    return isinstance(share, Constant) and 0.0 <= share.value <= 1.0


def _is_decaying(
    arguments: tuple[Argument, ...], function: str, step: str | None
) -> bool:
    """Whether it is the power of a beta, from 0 to 1."""
    match function, arguments:
        case "power", (Constant(value=beta), Variable(name=name)):
            return 0.0 <= beta <= 1.0 and name == step
    return False


def _is_rest(arguments: tuple[Argument, ...], function: str, shares: set[str]) -> bool:
    """Whether it is what such a power leaves of 1 or more."""
    match function, arguments:
        case "subtract", (Constant(value=whole), Variable(name=name)):
            return whole >= 1.0 and name in shares
    return False


def _is_positive(argument: Argument, positive: set[str]) -> bool:
    if isinstance(argument, Variable):
        return argument.name in positive
    return argument.value >= 0.0


def _inside(written: _Expression, least: int) -> str:
    """An expression, in brackets if it does not hold together well enough."""
    text, level = written
    return text if level >= least else f"({text})"


def _call(
    function: str, arguments: list[_Expression], may_be_negative: bool
) -> _Expression:
    """A call as an expression."""
    if function == "sqrt" and may_be_negative:
        return f"√|{arguments[0][0]}|", _ATOM
    form = _FORMS.get(function)
    if form is not None:
        return form(*arguments)
    texts = [text for text, _ in arguments]
    return f"{function}({', '.join(texts)})", _ATOM


def _sum(sign: str) -> Callable[..., _Expression]:
    above = _SUM if sign == "+" else _QUOTIENT
    return lambda x, y: (f"{_inside(x, _SUM)} {sign} {_inside(y, above)}", _SUM)


def _product(x: _Expression, y: _Expression) -> _Expression:
    """Numbers come first, and a number between factors is marked by a dot."""
    if y[0][:1].isdigit() and not x[0][:1].isdigit() and y[1] >= _PRODUCT:
        x, y = y, x
    left, right = _inside(x, _PRODUCT), _inside(y, _PRODUCT)
    sign = " · " if right[:1].isdigit() or right[:1] == "−" else " "
    return f"{left}{sign}{right}", _PRODUCT


def _quotient(x: _Expression, y: _Expression) -> _Expression:
    return f"{_inside(x, _QUOTIENT)} / {_inside(y, _SIGN)}", _QUOTIENT


def _mean(x: _Expression, y: _Expression, share: _Expression) -> _Expression:
    try:
        value = float(share[0].replace("−", "-"))
    except ValueError:
        return _sum("+")(_product((f"1 − {share[0]}", _SUM), x), _product(share, y))
    rest = _number(float(f"{1.0 - value:.6g}"))
    return _sum("+")(_product(rest, x), _product(share, y))


def _power(x: _Expression, y: _Expression) -> _Expression:
    return f"{_inside(x, _ATOM)}^{_inside(y, _ATOM)}", _POWER


def _raised(sign: str) -> Callable[..., _Expression]:
    return lambda x: (f"{_inside(x, _ATOM)}{sign}", _POWER)


def _around(left: str, right: str) -> Callable[..., _Expression]:
    return lambda x: (f"{left}{x[0]}{right}", _ATOM)


_FORMS: Mapping[str, Callable[..., _Expression]] = {
    "add": _sum("+"),
    "subtract": _sum("−"),
    "multiply": _product,
    "divide": _quotient,
    "interpolate": _mean,
    "power": _power,
    "square": _raised("²"),
    "cube": _raised("³"),
    "transpose": _raised("ᵀ"),
    "matmul": lambda x, y: (f"{_inside(x, _PRODUCT)} @ {_inside(y, _SIGN)}", _PRODUCT),
    "sqrt": lambda x: (f"√{_inside(x, _ATOM)}", _ATOM),
    "cbrt": lambda x: (f"∛{_inside(x, _ATOM)}", _ATOM),
    "negative": lambda x: (f"−{_inside(x, _PRODUCT)}", _SIGN),
    "reciprocal": lambda x: (f"1 / {_inside(x, _SIGN)}", _QUOTIENT),
    "abs": _around("|", "|"),
    "norm": _around("‖", "‖"),
    "global_norm": _around("‖", "‖ of all"),
    "dot": lambda x, y: (f"⟨{x[0]}, {y[0]}⟩", _ATOM),
    "clip_by_global_norm": lambda x, y: (f"clip({x[0]}, {y[0]})", _ATOM),
    "exp": lambda x: (f"e^{_inside(x, _ATOM)}", _POWER),
    "get_pi": lambda: ("π", _ATOM),
    "get_e": lambda: ("e", _ATOM),
    "get_eps": lambda: ("10⁻⁸", _ATOM),
}
