"""The known optimizers: the programs that come along, and which constants are free.

A row says for each constant of a program's text, in the order of its statements, which
free constant stands there, so that a beta that occurs three times is fitted once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from dsl.float32 import constant_text, nearest_float32
from dsl.interpret import uses_matrices
from dsl.library import read_program
from dsl.parse import parse
from dsl.program import Argument, Constant, Program, Statement
from dsl.prune import prune

RATE, DECAY = "rate", "decay"
"""Free constants that updates are linear in: the rate, and a decay's share of it."""

FIXED = "-"
"""Stands for a constant that belongs to the method."""

LION_FAMILY = "Lion family: the sign of an interpolated momentum"
SIGNUM_FAMILY = "Signum family: the sign of one momentum"
ADAM_FAMILY = "Adam family: a momentum over the root of a second moment"
_MOMENTUM_FAMILY = "momentum: a decaying sum of gradients"
_AGREEMENT_FAMILY = "sign agreement: the gradient scaled by whether momentum agrees"
_RATIO_FAMILY = "trust ratio: steps as long as each array is large"


@dataclass(frozen=True)
class Known:
    """One known optimizer.

    Attributes:
        name: of the program in `dsl/programs`.
        title: as people write it.
        family: what it shares with others, in words.
        places: what stands in the place of each of its constants, in the order of the
            statements: the name of a free constant, a key of `DERIVED`, or `FIXED`.
        is_smooth: whether updates change smoothly with the free constants, as those of
            sign momenta do not.
    """

    name: str
    title: str
    family: str
    places: str
    is_smooth: bool = True

    @cached_property
    def program(self) -> Program:
        """Its program."""
        return prune(parse(read_program(self.name)))

    @cached_property
    def has_matrices(self) -> bool:
        """Whether it uses the extension set `matrix`."""
        return uses_matrices(self.program)

    @cached_property
    def has_rate(self) -> bool:
        """Whether its program has a constant for the rate."""
        return RATE in self.places.split()

    @cached_property
    def own(self) -> Mapping[str, float]:
        """Its free constants as its text has them; a rate of 1 if it has none."""
        found = {RATE: 1.0}
        constants = constants_of(self.program)
        for place, value in zip(self.places.split(), constants, strict=True):
            if place != FIXED and place not in DERIVED:
                found[place] = value
        if VECTOR_SHARE in found:
            found[VECTOR_SHARE] /= found[RATE]
        return MappingProxyType(found)

    @cached_property
    def curved(self) -> tuple[str, ...]:
        """The free constants that updates are not linear in."""
        return tuple(name for name in self.own if name not in (RATE, DECAY))

    def constants(self, values: Mapping[str, Any]) -> list[Any]:
        """What to put in the place of each constant of its program; None leaves it."""
        found: list[Any] = []
        for place in self.places.split():
            if place in DERIVED:
                found.append(DERIVED[place](values))
            elif place == VECTOR_SHARE:
                found.append(values[RATE] * values[place])
            else:
                found.append(None if place == FIXED else values[place])
        return found


def constants_of(program: Program) -> list[float]:
    """The constants of a program's text in order, as the decimals that are written."""
    return [
        float(constant_text(argument.value))
        for statement in program.statements
        for argument in statement.arguments
        if isinstance(argument, Constant)
    ]


def with_constants(known: Known, values: Mapping[str, float]) -> Program:
    """The program of a known optimizer with other constants, as float32.

    A rate that it has no constant for is left away.
    """
    replaced = iter(known.constants(values))
    statements = []
    for statement in known.program.statements:
        arguments: list[Argument] = []
        for argument in statement.arguments:
            other = next(replaced) if isinstance(argument, Constant) else None
            arguments.append(
                argument if other is None else Constant(nearest_float32(float(other)))
            )
        statements.append(
            Statement(statement.target, statement.function, tuple(arguments))
        )
    return known.program._replace(statements=tuple(statements))


def _longest(values: Mapping[str, Any]) -> Any:
    """RAdam's limit of the length of the mean that v_hat is."""
    return 2.0 / (1.0 - values["beta2"]) - 1.0


def _scale(values: Mapping[str, Any]) -> Any:
    """RAdam's constant that makes the rectifier tend to 1."""
    longest = _longest(values)
    return (longest - 4.0) * (longest - 2.0) / longest


VECTOR_SHARE = "vector_share"
"""Muon's rate for vectors, as a share of its rate for matrices."""

DERIVED: Mapping[str, Callable[[Mapping[str, Any]], Any]] = MappingProxyType(
    {"1-beta2": lambda v: 1.0 - v["beta2"], "longest": _longest, "scale": _scale}
)
"""Constants that follow from free ones."""

_CORRECTION = "beta1 - beta2 -"
_ADAM = f"beta1 beta2 {_CORRECTION}"

KNOWN = (
    Known("sgd", "SGD", "gradient descent", "rate"),
    Known("momentum", "SGD with momentum", _MOMENTUM_FAMILY, "beta rate"),
    Known(
        "nesterov",
        "SGD with Nesterov momentum",
        "Nesterov momentum: a decaying sum of gradients, looked ahead once",
        "beta beta rate",
    ),
    Known("signsgd", "signSGD", "sign of the gradient", "rate"),
    Known("signum", "Signum", SIGNUM_FAMILY, "beta rate", False),
    Known("tiger", "Tiger", SIGNUM_FAMILY, "beta decay rate", False),
    Known("lion", "Lion", LION_FAMILY, "beta1 beta2 decay rate", False),
    Known("addsign", "AddSign", _AGREEMENT_FAMILY, "beta - rate", False),
    Known("powersign", "PowerSign", _AGREEMENT_FAMILY, "beta rate", False),
    Known(
        "rmsprop",
        "RMSProp",
        "RMSProp family: the gradient over the root of a second moment",
        "beta rate",
    ),
    Known(
        "adagrad",
        "AdaGrad",
        "AdaGrad family: the gradient over the root of a sum of squares",
        "epsilon rate",
    ),
    Known(
        "adadelta",
        "AdaDelta",
        "AdaDelta family: the gradient scaled by the roots of two second moments",
        "beta epsilon epsilon beta",
    ),
    Known("adam", "Adam", ADAM_FAMILY, f"{_ADAM} rate"),
    Known(
        "adamw",
        "AdamW without bias correction",
        ADAM_FAMILY,
        "beta1 beta2 decay rate",
    ),
    Known("adamw_corrected", "AdamW", ADAM_FAMILY, f"{_ADAM} decay rate"),
    Known("amsgrad", "AMSGrad", ADAM_FAMILY, "beta1 beta2 rate"),
    Known("nadam", "NAdam", ADAM_FAMILY, "beta1 beta2 beta1 - - beta1 - beta2 - "
          "beta1 rate"),
    Known("radam", "RAdam", ADAM_FAMILY, f"{_ADAM} - beta2 beta2 - longest - - scale "
          "- - - rate"),
    Known("adamax", "AdaMax", "AdaMax family: a momentum over a decaying maximum",
          "beta1 beta2 beta1 - rate"),
    Known("yogi", "Yogi", ADAM_FAMILY, f"beta1 1-beta2 {_CORRECTION} epsilon rate"),
    Known("adabelief", "AdaBelief",
          "AdaBelief family: a momentum over the root of its error's second moment",
          f"beta1 beta2 epsilon {_CORRECTION} rate"),
    Known("lamb", "LAMB", _RATIO_FAMILY, f"{_ADAM} epsilon inner_decay - rate"),
    Known("lars", "LARS", _RATIO_FAMILY, "inner_decay - - beta rate"),
    Known("adafactor", "Adafactor", "factored second moment, of rows and columns",
          "exponent - - - - threshold - rate"),
    Known("shampoo", "Shampoo", "a preconditioner for each side of a matrix",
          "- - rate"),
    Known("muon", "Muon", "an orthogonalized momentum",
          "beta beta - - beta - - beta beta1 beta2 beta1 - beta2 - - - - decay rate - "
          "vector_share"),
)  # fmt: skip
"""Every known optimizer once."""
