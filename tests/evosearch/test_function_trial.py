"""The trial of a user's functions: a broken promise is refused in a sentence."""

from pathlib import Path

import pytest

from evosearch.errors import InputError
from evosearch.function_trial import try_functions
from evosearch.own_functions import load_functions
from tests.functions_file import written

pytestmark = pytest.mark.usefixtures("clean_table")

OPENING = """\
import numpy as np
X = Parameter('x', ANY)
SUM = dict(reduces=True, result=Type.TREE)
def writes(xp, x):
    x += 1.0
    return x
def refuses_nan(xp, x):
    if xp is np and np.isnan(x).any():
        raise ValueError('NaN')
    return x
# The rows of a test follow.
"""
TREE = "(Parameter('x', (Type.TREE,)),)"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("(X,), lambda xp, x: x if x.all() else -x", "raised"),
        ("(X,), lambda xp, x: x > 0.5", "gives bool in NumPy in the place of"),
        ("(X,), lambda xp, x: x - xp.mean(x)", "f(Tree) is not elementwise: set redu"),
        ("(X,), lambda xp, x: x + xp.nan", "is NaN for all numbers"),
        ("(X,), lambda xp, x: None", "in NumPy in the place of float64"),
        ("(X,), lambda xp, x: x, rule=lambda: None", "raised TypeError"),
        ("(X,), lambda xp, x: x, rule=lambda x: 'Tree'", "the rule must give a Type"),
        ("(X,), lambda xp, x: 1 / 0", "own.py, line 14 raised ZeroDivisionError"),
        ("(X,), lambda xp, x: xp.sum(x)", "gives shapes"),
        ("(X,), lambda xp, x: xp.stack([x, x])", "gives shapes"),
        ("(X,), lambda xp, x: x, numpy=lambda xp, x: x + 1", "in NumPy and"),
        ("(X, X), lambda xp, x, y: x - y, commutative=True", "is not commutative"),
        (
            "(X, X), lambda xp, x, y: x + y + xp.ndim(x), commutative=True",
            ") is not commutative to the last bit: take that fact away",
        ),
        ("(X,), lambda xp, x: x, rule=lambda x: 42", "None, but gives 42 for (Scalar)"),
        ("(X,), lambda xp, x: x, rule=lambda x: True", "None, but gives True for"),
        ("(X,), lambda xp, x: x, rule=lambda x: {}[x]", "line 14 raised KeyError"),
        ("(X, X), lambda xp, x, y: x, rule=lambda x, y: None", "takes no combination"),
        ("(X,), lambda x: x", "2 were given: a formula is `f(xp, x)`"),
        ("(X,), lambda xp, x: np.tanh(x)", "and uses `xp`, not numpy; `numpy=` gives"),
        (
            "(X,), lambda xp, x: x if x > 0 else -x",
            ": write `xp.where(condition, x, y)`",
        ),
        ("(X,), writes", "read-only: it writes into its argument: let it make a new"),
        # Only numbers below 0, or other than finite ones, tell these from good ones.
        ("(X,), lambda xp, x: xp.abs(x), numpy=lambda xp, x: x", "in NumPy and"),
        ("(X,), lambda xp, x: x ** 0.5, numpy=lambda xp, x: abs(x) ** 0.5", "nan"),
        (
            "(X,), refuses_nan",
            "f(Tree) of NaN and infinity: own.py, line 11 raised Val",
        ),
        (
            f"{TREE}, lambda xp, space, x: [xp.abs(each) for each in x], **SUM",
            "f(Tree) gives something else where all weight arrays are one vector",
        ),
        (
            f"{TREE}, lambda xp, space, x: space.scale(x, xp.sum(x[0])), **SUM",
            "f(Tree) gives something else where all weight arrays are one vector",
        ),
    ],
)
def test_a_row_that_breaks_its_promise_is_refused(
    tmp_path: Path, row: str, said: str
) -> None:
    body = f"{OPENING}FUNCTIONS = [Function('f', 'a doc', {row})]"
    path = written(tmp_path, body)
    with pytest.raises(InputError) as raised:
        try_functions(load_functions(path), path)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "row",
    [
        "(X,), lambda xp, x: xp.arccosh(x)",
        "(X,), lambda xp, x: xp.sum(xp.stack([x, x * x]), axis=0)",
        f"{TREE}, lambda xp, space, x: xp.sum(space.inner(x, x), axis=0), "
        "Type.SCALAR, reduces=True",
        "(Parameter('x', (Type.TREE,)), Parameter('y', (Type.LEAFWISE,))), "
        "lambda xp, space, x, y: space.inner(x, x), Type.LEAFWISE, reduces=True",
    ],
)
def test_a_row_that_keeps_its_promises_is_not(tmp_path: Path, row: str) -> None:
    path = written(tmp_path, f"{OPENING}FUNCTIONS = [Function('f', 'a doc', {row})]")
    try_functions(load_functions(path), path)
