"""A user's functions: known to every pass, and refused in a sentence if wrong."""

import json
from pathlib import Path
from random import Random

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dsl import DslError, check, digest, fingerprint, lower, parse, unparse
from dsl.functions import ALIASES, SETS
from evosearch.compiled import Compiled
from evosearch.dispatch import Dispatch
from evosearch.engine import COMPILED, MACHINE, engine_for
from evosearch.errors import InputError
from evosearch.folder import LOG
from evosearch.function_trial import try_functions
from evosearch.machine import Machine
from evosearch.mutate import Odds, mutate
from evosearch.own_functions import functions_drawn, load_functions
from evosearch.plan import make_plan
from evosearch.train import Outcome, Trainer
from tests.command_line import (
    evosearch,
    evosearch_process,
    last_line,
    refused,
)
from tests.functions_file import written
from tests.tasks.quadratic import Quadratic

pytestmark = pytest.mark.usefixtures("clean_table")

FILE = Path(__file__).parents[1] / "tasks" / "functions.py"
NAMES = ("softsign", "hypotenuse", "softplus", "centred")
PROGRAM = """\
def train(w, g, m, lr):
    m = interp(g, m, 0.9)
    u = softsign(m)
    u = hypotenuse(u, g)
    u = softplus(u)
    u = u * lr
    return u, m
"""


def test_all_passes_know_them() -> None:
    with pytest.raises(DslError, match="`softsign` is not a function"):
        parse(PROGRAM)
    assert load_functions(str(FILE)) == load_functions(str(FILE)) == NAMES
    try_functions(NAMES, str(FILE))
    program = parse(PROGRAM)
    check(program)
    assert parse(unparse(program)) == program
    assert ALIASES["soft"] == "softplus"
    swapped = parse(PROGRAM.replace("(u, g)", "(g, u)"))
    assert (
        digest(swapped)
        == digest(program)
        != digest(parse(PROGRAM.replace("0.9", ".8")))
    )
    assert fingerprint(swapped) == fingerprint(program)
    tree = {"a": jnp.array([0.5, -2.0])}
    update, (m,) = jax.jit(lower(program))(tree, tree, (tree,), 1.0, 1.0)
    g = np.array([0.5, -2.0])
    expected = np.log1p(np.exp(np.hypot(g / (1.0 + np.abs(g)), g)))
    np.testing.assert_allclose(update["a"], expected, rtol=1e-6)
    np.testing.assert_allclose(m["a"], g)


def test_mutation_draws_them_and_nothing_else_from_a_list_of_names() -> None:
    own = load_functions(str(FILE))
    assert functions_drawn("lion+matrix", own) == (*SETS["lion"], *SETS["matrix"], *own)
    only = functions_drawn(("softsign", "add"), own)
    program, random = parse(PROGRAM), Random(0)
    drawn = set()
    for _ in range(200):
        child = mutate(program, random, Odds(1.0, 0.0, 0.0), 100, only)
        drawn.add(child.program.statements[child.place].function)
    assert drawn == {"softsign", "add"}


def test_the_machine_trains_with_them_as_compiled_programs_do() -> None:
    load_functions(str(FILE))
    plan = make_plan(
        Quadratic(0.1), schedule="cosine", warmup=0.1, chunks=2, weight_bound=1000.0
    )
    program = parse(PROGRAM)
    assert engine_for(program) == MACHINE
    machine, compiled = (
        Trainer(engine).train(program, 3) for engine in (Machine(plan), Compiled(plan))
    )
    assert machine.loss == pytest.approx(compiled.loss, rel=1e-5)
    matrices = parse(PROGRAM.replace("softsign", "centred"))
    assert engine_for(matrices) == COMPILED
    assert Trainer(Dispatch(plan)).train(matrices, 3).outcome is Outcome.OK


def test_a_machine_made_before_them_is_not_used_after() -> None:
    plan = make_plan(
        Quadratic(0.1), schedule="cosine", warmup=0.1, chunks=2, weight_bound=1000.0
    )
    before = Machine(plan)
    load_functions(str(FILE))
    with pytest.raises(RuntimeError, match="make another Machine"):
        before.start(parse(PROGRAM), 0)


def test_names_that_are_in_no_table_are_refused() -> None:
    with pytest.raises(InputError, match="no function 'sofsign': did you mean sign"):
        functions_drawn(("sofsign",), ())
    with pytest.raises(InputError, match="'interp' is another name of interpolate: w"):
        functions_drawn(("interp",), ())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "FUNCTIONS is not there, or no list, or empty: define it"),
        ("FUNCTIONS = {}", "FUNCTIONS is not there, or no list, or empty"),
        ("FUNCTIONS = [1]", "FUNCTIONS holds 1: it must hold dsl.Function only"),
        ("FUNCTIONS = [1 / 0]", "own.py, line 3 raised ZeroDivisionError"),
        ("FUNCTIONS = [", "own.py, line 3 raised SyntaxError"),
        (
            "FUNCTIONS = [Function('sqrt', '', (Parameter('x', ANY),), abs)]",
            "there is a function `sqrt` already: mend that row",
        ),
        (
            "FUNCTIONS = [Function('f', '', ('x',), abs)]",
            "ValueError: f: parameters must be a tuple of Parameter: write `(Parameter",
        ),
        (
            "FUNCTIONS = [Function('f', '', (Parameter('x', ANY)), abs)]",
            "ValueError: f: parameters must be a tuple of Parameter: write `(Parameter",
        ),
        (
            "X = Parameter('x', Type.TREE)",
            "parameter x: accepts must be a tuple of types: write `(Type.TREE,)`",
        ),
        (
            "F = Function('f', '', (Parameter('x', ANY),), abs, aliases='ab')",
            'aliases must be a tuple of names: write `("other",)`',
        ),
        (
            "F = Function('f', '', (Parameter('x', ANY),), abs, needs=None)",
            "f: needs must be text",
        ),
        (
            "FUNCTIONS = [Function('f', '', (Parameter('x', ANY),), abs, symbol='+')]",
            "`f` can only be printed by its own name",
        ),
        (
            "FUNCTIONS = [Function('f', '', (Parameter('x', ANY),), abs)] * 2",
            "there is a function `f` already",
        ),
        (
            "FUNCTIONS = [Function('a b', '', (Parameter('x', ANY),), abs)]",
            "`a b` cannot be a function's name",
        ),
        (
            "X = Parameter('x', ANY),\nFUNCTIONS = "
            "[Function('f', '', X, abs, rule=lambda x: 42)]",
            "own.py raised TypeError: the rule must give a Type or None, but gives 42",
        ),
        (
            "X = Parameter('x', ANY)\nFUNCTIONS = [Function('f', '', (X,) * 4, abs)]",
            "line 4 raised ValueError: f: more than 3 parameters",
        ),
    ],
)
def test_a_file_without_rows_is_refused(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        load_functions(written(tmp_path, body))
    assert said in str(raised.value)
    assert str(raised.value).count("\n") == 0


def test_the_command_line_takes_them(tmp_path: Path) -> None:
    program = tmp_path / "own.opt"
    program.write_text(PROGRAM)
    assert "did you mean `sign`?" in refused("check", str(program))
    told = json.loads(
        evosearch("check", str(program), "--functions", str(FILE), "--json").output
    )
    assert (told["ok"], told["engine"]) == (True, "machine")
    rows = json.loads(evosearch("functions", "--functions", str(FILE), "--json").output)
    assert [row["name"] for row in rows if row["set"] == "users"] == list(NAMES)
    manual = evosearch("functions", "--functions", str(FILE), "--markdown").output
    assert "| `softsign(x)` | x / (1 + \\|x\\|) | any | broadcast |" in manual
    assert "cannot be read" in refused("functions", "--functions", "nowhere.py")


RUN = f"""\
name: own
functions: {FILE}
program: {{}}
tasks: [{{{{task: '{FILE.parent}/line.py:Line'}}}}]
search: {{{{functions: lion+matrix, population: 10, window: 4}}}}
budget: {{{{evaluations: 4}}}}
simplify: {{{{enabled: false}}}}
training: {{{{chunks: 5}}}}
final: {{{{candidates: 1, validation_seeds: 1, test_seeds: 2}}}}
workers: {{{{executor: inline}}}}
"""


@pytest.mark.slow
@pytest.mark.ray
def test_a_search_with_them_and_with_matrices_is_one_trajectory(tmp_path: Path) -> None:
    start = tmp_path / "start.opt"
    start.write_text(
        "def train(w, g, left: (r, r), lr):\n"
        "    left = left + matmul(g, transpose(g))\n"
        "    u = softsign(g) / sqrt(trace(left))\n"
        "    return u * (lr * 0.1), left\n"
    )
    config = tmp_path / "run.yaml"
    config.write_text(RUN.format(start))
    inline = evosearch("run", config, "--out", tmp_path / "inline", "--json")
    assert inline.code == 0, inline.error
    run = tmp_path / "ray"
    options = ("--out", run, "--executor", "ray", "--workers", "1", "--json")
    with evosearch_process("run", config, *options) as process:
        output, error = process.communicate(timeout=240)
    assert process.returncode == 0, error
    found = [last_line(printed)["trajectory"] for printed in (inline.output, output)]
    assert found[0] == found[1]
    for name in ("inline", "ray"):
        log = (tmp_path / name / LOG).read_text()
        assert "programs that use matrices are compiled" in log
    told = json.loads(evosearch("show", run, "--uses", "matrix", "--json").output)
    assert told
    assert all(
        any(f"{name}(" in row["program"] for name in SETS["matrix"]) for row in told
    )
    own = json.loads(evosearch("show", run, "--uses", "softsign", "--json").output)
    assert all("softsign(" in row["program"] for row in own)
    assert "there is no function or set 'matirx'" in refused(
        "show", run, "--uses", "matirx"
    )
