"""A user's task that does not work costs one sentence that names it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import evosearch, refused

RUN = """\
name: small
tasks: [{task: 'mine.py:TASK'}]
budget: {programs: 4}
simplify: {enabled: false}
workers: {executor: inline}
"""

TASKS = """\
import jax, jax.numpy as jnp, numpy as np

class Line:
    steps, floor = 10, -10.0
    def init(self, key):
        return {"slope": jnp.zeros(()), "offset": jnp.zeros(())}
    def batch(self, key):
        return jax.random.normal(key, (2, 16))
    def loss(self, params, batch):
        return jnp.mean((params["slope"] * batch[0] + params["offset"] - 3.0) ** 2)
    def evaluate(self, params):
        return self.loss(params, self.batch(jax.random.key(1)))

class Raises(Line):
    def loss(self, params, batch):
        return params["slop"]  # line 16

class Branches(Line):
    def loss(self, params, batch):
        return 1.0 if params["slope"] > 0 else 0.0  # line 20

class Vector(Line):
    def loss(self, params, batch):
        return params["slope"] * batch[0]

class Whole(Line):
    def init(self, key):
        return {"slope": jnp.zeros((), int), "offset": jnp.zeros(())}

class Nothing(Line):
    def loss(self, params, batch):
        pass

class Pair(Line):
    def evaluate(self, params):
        return params["slope"], params["offset"]

class Test(Line):
    def test(self, params):
        return {}["accuracy"]  # line 40

class Host(Line):
    batch = None
    def batches(self, key, start, steps):
        return np.ones((3, 2, 16), np.float32)

class Late(Line):
    batch = None
    def batches(self, key, start, steps):
        if start > 5:
            raise OSError("the disk is gone")  # line 51
        return np.ones((steps, 2, 16), np.float32)
    def evaluate(self, params):
        return 1.0 + params["slope"] ** 2

class Generator(Line):
    batch = None
    def batches(self, seed):
        yield np.ones((2, 16), np.float32)

class Keyless(Line):
    def init(self):
        return {"slope": jnp.zeros(()), "offset": jnp.zeros(())}

class NotANumber(Line):
    def loss(self, params, batch):
        return super().loss(params, batch) * jnp.nan

class Zero(Line):
    def evaluate(self, params):
        return 0.0 * params["slope"]

class Negative(Line):
    def evaluate(self, params):
        return -1.0 - jnp.abs(params["slope"])
"""


def write(task: str) -> str:
    """Write the tasks and a config that names one; gives the config's path."""
    Path("mine.py").write_text(TASKS)
    Path("run.yaml").write_text(RUN.replace("TASK", task))
    return "run.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("Raises", "mine.py, line 16 raised KeyError: 'slop'"),
        ("Branches", "mine.py, line 20 raised TracerBoolConversionError: Attempted"),
        ("Vector", "loss(params, batch) returned float32[16]: it must return one"),
        ("Whole", "init(key) returned float32, int32: it must return a pytree of"),
        ("Nothing", "loss(params, batch) returned NoneType: it must return one"),
        ("Pair", "evaluate(params) returned tuple: it must return one float32"),
        ("Test", "mine.py, line 40 raised KeyError: 'accuracy'"),
        ("Generator", "batches(seed) cannot be called as batches(key, start, steps)"),
        ("Keyless", "init() cannot be called as init(key): too many positional"),
        ("Host", "batches(key, start, steps) returned an array of shape (3, 2, 16)"),
    ],
)
def test_a_bad_task_is_refused_before_the_run(task: str, message: str) -> None:
    told = refused("run", write(task))
    assert told.startswith(f"task mine.py:{task}: {message}"), told
    assert "\n" not in told
    assert not Path("experiments").exists()


@pytest.mark.slow
def test_a_task_is_tried_apart_from_a_process_that_does_not_train() -> None:
    told = refused("run", write("Raises"), "--executor", "ray")
    assert told == "task mine.py:Raises: mine.py, line 16 raised KeyError: 'slop'"
    Path("mine.py").write_text("import os\nos._exit(1)\n")
    told = refused("run", "run.yaml", "--executor", "ray")
    assert told == "tasks: the process that tried mine.py:Raises died without a word"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("Late", "mine.py, line 51 raised OSError: the disk is gone"),
        ("NotANumber", "the reference program (fitness.reference, or program where"),
        ("Zero", "the reference program (fitness.reference, or program where that"),
    ],
)
def test_a_task_that_fails_later_is_told_in_one_sentence(
    task: str, message: str
) -> None:
    answer = evosearch("run", write(task))
    told = answer.error.splitlines()[-1]
    assert answer.code == 2
    assert told.startswith(f"error: task mine.py:{task}: {message}"), told
    assert "Traceback" not in answer.error


@pytest.mark.slow
def test_negative_losses_are_compared_like_others() -> None:
    write("Negative")
    answer = evosearch(
        "eval", "adamw", "--task", "mine.py:Negative", "--seeds", "2", "--json"
    )
    found = json.loads(answer.output)
    assert answer.code == 0
    assert set(found) >= {"task", "scale", "losses", "mean", "stderr", "outcome"}
    assert (found["task"], found["outcome"]) == ("mine.py:Negative", "ok")
    assert len(found["losses"]) == 2
    assert max(found["losses"]) < -1.0
    assert found["mean"] == pytest.approx(sum(found["losses"]) / 2)


ORDERED = """
from jax.experimental import io_callback

class Ordered(Line):
    def batch(self, key):
        shape = jax.ShapeDtypeStruct((2, 16), np.float32)
        data = jax.random.key_data(key)
        made = lambda _: np.ones((2, 16), np.float32)
        return io_callback(made, shape, data, ordered=True)
"""


def test_what_cannot_be_done_side_by_side_is_refused_for_slots_alone() -> None:
    path = write("Ordered")
    Path("mine.py").write_text(TASKS + ORDERED)
    told = refused("run", path, "--set", "tasks.0.slots=2")
    assert told.startswith("task mine.py:Ordered: cannot be trained in slots (")
    assert told.endswith("): set slots to 1")
    one = evosearch("run", path, "--json", "--set", "final.candidates=1")
    assert one.code == 0
