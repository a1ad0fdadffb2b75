"""What the statements of a program are: momentum, second moment, sign, decay, ...

Patterns over what each value is made of; a statement that matches none has no role.
"""

from __future__ import annotations

from dsl.functions import FUNCTIONS
from dsl.program import Argument, Program, Statement, Variable

GRADIENT, WEIGHTS, RATE, STEP = "gradient", "weights", "rate", "step"
_SQUARED, _MOMENTUM, _MOMENT, _ROOT = "squared", "momentum", "second moment", "root"
_CONSTANT, _CORRECTION, _DECAY, _NORM = "constant", "correction", "decay", "norm"
_ODD = ("arcsin", "arctan", "arcsinh", "tanh", "sin", "cbrt", "negative")
"""Functions that are near x where x is small, or have its sign."""

_PRECONDITIONERS = ("inverse_root", "orthogonalize")


def roles_of(program: Program) -> list[str]:
    """The role of each statement of a pruned program, empty if it matches none.

    >>> from dsl import parse
    >>> text = "def train(w, g, m, lr):\\n  m = interp(g, m, 0.9)\\n  u = sign(m)"
    >>> roles_of(parse(f"{text}\\n  u = u * lr\\n  return u, m"))
    ['momentum', 'sign', 'schedule']
    """
    states = dict.fromkeys(program.states, "state")
    # What a state holds is known only once its new value is, and that may read another.
    found: list[str] = []
    for _ in range(3):
        found, kinds = _pass(program, states)
        outputs = zip(program.states, program.outputs[1:], strict=True)
        states = {state: kinds.get(output, "state") for state, output in outputs}
    return found


def _pass(program: Program, states: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Roles of the statements, and what each variable holds at the end."""
    kinds = dict(states)
    kinds |= {program.weights: WEIGHTS, program.gradient: GRADIENT}
    kinds[program.learning_rate] = RATE
    if program.step is not None:
        kinds[program.step] = STEP
    held = set(program.states)
    last = {each.target: place for place, each in enumerate(program.statements)}
    renewed = {last[name] for name in program.outputs[1:] if name in last}
    roles = []
    for place, statement in enumerate(program.statements):
        read = [_kind(argument, kinds) for argument in statement.arguments]
        from_state = any(
            isinstance(a, Variable) and a.name in held for a in statement.arguments
        )
        role, kind = _matched(statement, read, from_state)
        if role == _MOMENTUM and place not in renewed:
            role = "interpolated momentum"
        roles.append(role)
        kinds[statement.target] = kind
        held.discard(statement.target)
        if from_state and statement.function == "multiply" and _CONSTANT in read:
            # `m * 0.9`, to which the gradient is added next.
            held.add(statement.target)
    return roles, kinds


def _kind(argument: Argument, kinds: dict[str, str]) -> str:
    return kinds.get(argument.name, "") if isinstance(argument, Variable) else _CONSTANT


def _matched(
    statement: Statement, read: list[str], from_state: bool
) -> tuple[str, str]:
    """The role of a statement, and what its value is."""
    function, kinds = statement.function, set(read)
    if function in ("row_count", "col_count"):
        return "", _CONSTANT
    if FUNCTIONS[function].matrices:
        role = "preconditioner" if function in _PRECONDITIONERS else ""
        return role, next((k for k in read if k != _CONSTANT), "")
    if function in ("interpolate", "add", "subtract", "maximum") and from_state:
        if any(kind.endswith(_SQUARED) or kind == _MOMENT for kind in kinds):
            return _MOMENT, _MOMENT
        if kinds & {GRADIENT, _MOMENTUM}:
            return _MOMENTUM, _MOMENTUM
    if function in ("interpolate", "add") and {GRADIENT, _MOMENTUM} <= kinds:
        return _MOMENTUM, _MOMENTUM
    simple = _of_one(statement, read)
    return simple if simple is not None else _of_two(statement, read)


def _of_one(statement: Statement, read: list[str]) -> tuple[str, str] | None:
    """Roles that a call's function tells, or what it is given first."""
    function, first = statement.function, read[0] if read else ""
    arguments = statement.arguments
    if function == "sign":
        return "sign", "sign"
    if function == "square" or (
        function == "multiply" and arguments[0] == arguments[1]
    ):
        return (
            ("square", f"{first} {_SQUARED}")
            if first != GRADIENT
            else (
                "squared gradient",
                _SQUARED,
            )
        )
    if function == "sqrt" and first == _MOMENT:
        return "root of the second moment", _ROOT
    if function in ("sqrt", "abs") and first.endswith(_SQUARED):
        return "absolute value", f"{first.removesuffix(_SQUARED).strip()} size"
    if function in _ODD and first == GRADIENT:
        return "", GRADIENT
    if function == "clip_by_global_norm":
        return "clipping", first
    if function in ("norm", "global_norm"):
        return "norm", _NORM
    if function == "power" and read == [_CONSTANT, STEP]:
        return "bias correction", _CORRECTION
    return None


def _of_two(statement: Statement, read: list[str]) -> tuple[str, str]:
    """Roles that are in what is combined."""
    function, kinds = statement.function, set(read)
    if function == "subtract" and read == [_CONSTANT, _CORRECTION]:
        return "bias correction", _CORRECTION
    if function == "divide":
        return _of_quotient(*read)
    if function == "multiply" and _is_decay(kinds):
        return "weight decay", _DECAY
    if function in ("add", "subtract"):
        if _DECAY in kinds:
            return "weight decay", "step"
        kept = {GRADIENT, _MOMENTUM, _MOMENT, _ROOT} & kinds
        return "", kept.pop() if len(kept) == 1 else ""
    if RATE in kinds:
        rest = kinds - {RATE, _CONSTANT}
        return "schedule", rest.pop() if len(rest) == 1 else "step" if rest else RATE
    if function == "multiply" and _CONSTANT in kinds:
        return "", next((k for k in read if k != _CONSTANT), _CONSTANT)
    return "", ""


def _is_decay(kinds: set[str]) -> bool:
    return WEIGHTS in kinds and kinds <= {WEIGHTS, _CONSTANT, RATE}


def _of_quotient(above: str, below: str) -> tuple[str, str]:
    if below == _CORRECTION:
        return "bias correction", above
    if below in (_ROOT, _NORM):
        return "normalisation", "step"
    if below and below == f"{above} size":
        return "sign", "sign"
    return "", above if below == _CONSTANT else ""
