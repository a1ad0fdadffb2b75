"""Whole trainings: the machine against compiled programs, and how trainings end."""

import math
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dsl import Program, parse
from dsl.library import read_program
from evosearch.compiled import Compiled
from evosearch.errors import InputError
from evosearch.machine import Machine
from evosearch.mutate import Odds, mutate
from evosearch.plan import Layout, Plan, make_plan
from evosearch.train import TEST, Outcome, Trainer

CURVATURE = np.float32([0.5, 1.0, 2.0])
STEPS, CHUNKS = 12, 3


class Valley:
    """`sum(c x^2) / 2` and more, tilted at every step by noise; counts its traces."""

    steps = STEPS

    def __init__(self) -> None:
        self.floor = -math.inf
        self.traces = 0

    def init(self, key: Any) -> Any:
        first, second = jax.random.split(key)
        return {
            "long": jax.random.normal(first, (3,)),
            "square": jax.random.normal(second, (2, 2)),
            "number": jnp.float32(1.0),
        }

    def batch(self, key: Any) -> Any:
        return 0.1 * jax.random.normal(key, (3,))

    def loss(self, params: Any, batch: Any) -> Any:
        self.traces += 1
        return self.evaluate(params) + jnp.dot(batch, params["long"])

    def evaluate(self, params: Any) -> Any:
        bowl = jnp.dot(CURVATURE, jnp.square(params["long"]))
        rest = jnp.sum(jnp.square(params["square"])) + jnp.square(params["number"])
        return 0.5 * (bowl + rest)

    def test(self, params: Any) -> Any:
        return 1.0 + self.evaluate(params)


class HostValley(Valley):
    """The same data, made on the host a chunk at a time."""

    batch = None

    def batches(self, key: Any, start: int, steps: int) -> np.ndarray:
        keys = [jax.random.fold_in(key, step) for step in range(start, start + steps)]
        return np.stack([Valley().batch(each) for each in keys])


def plan_of(task: Any, chunks: int = CHUNKS) -> Plan:
    return make_plan(
        task, schedule="linear", warmup=0.25, chunks=chunks, weight_bound=1000.0
    )


@pytest.fixture(scope="module")
def machine() -> Trainer:
    return Trainer(Machine(plan_of(Valley())))


def program(*lines: str, states: str = "") -> Program:
    body = "".join(f"  {line}\n" for line in lines)
    return parse(f"def train(w, g, {states}lr, step):\n{body}")


def weights_after(trainer: Trainer, trained: Program, seed: int = 0) -> Any:
    """The weights at the end of a training."""
    engine = trainer.engine
    slot = engine.start(trained, seed)
    for number in range(engine.plan.chunks):
        slot, _, _ = engine.advance(slot, engine.plan.chunk(seed, number))
    return engine.weights(slot)


def descendants(count: int) -> list[Program]:
    """Programs as a search meets them: of the seed, several mutations away."""
    random = Random(3)
    made = []
    for _ in range(count):
        child = parse(read_program("adamw").replace("0.001", "0.05"))
        for _ in range(6):
            child = mutate(child, random, Odds(), 30).program
        made.append(child)
    return made


def test_the_machine_trains_as_compiled_programs_do(machine: Trainer) -> None:
    compiled = Trainer(Compiled(machine.engine.plan))
    known = [
        parse(read_program(name))
        for name in ("adamw", "lamb", "lion", "paper/program8")
    ]
    for seed, each in enumerate([*known, *descendants(6)]):
        ours, theirs = machine.train(each, seed), compiled.train(each, seed)
        assert ours.outcome == theirs.outcome
        assert ours.steps == theirs.steps
        pairs = zip(
            (*ours.chunk_losses, ours.loss),
            (*theirs.chunk_losses, theirs.loss),
            strict=True,
        )
        for one, other in pairs:
            assert one == pytest.approx(other, rel=1e-3, nan_ok=True)


def test_gradient_descent_is_its_closed_form(machine: Trainer) -> None:
    """w_T = (1 - a c)^T w_0 - a sum_t (1 - a c)^(T - 1 - t) noise_t."""
    plan, rate = machine.engine.plan, 0.25
    found = weights_after(machine, program(f"u = {rate} * g", "return u"), seed=5)
    first = plan.init(5)
    kept = 1.0 - rate * CURVATURE
    expected = kept**STEPS * np.asarray(first["long"])
    for step in range(STEPS):
        noise = np.asarray(plan.batch(5, step, None))
        expected -= rate * kept ** (STEPS - 1 - step) * noise
    np.testing.assert_allclose(found["long"], expected, rtol=1e-5)
    square = (1.0 - rate) ** STEPS * first["square"]
    np.testing.assert_allclose(found["square"], square, rtol=1e-5)
    np.testing.assert_allclose(found["number"], (1.0 - rate) ** STEPS, rtol=1e-5)


def test_every_step_has_its_count_its_rate_and_its_batch(machine: Trainer) -> None:
    plan = machine.engine.plan
    counts = weights_after(machine, program("u = w - step", "return u"))
    assert set(np.asarray(counts["long"]).tolist()) == {float(STEPS)}
    rates = program("m = m + lr * step", "u = w - m", "return u, m", states="m, ")
    expected = float(np.sum(plan.rates * np.arange(1, STEPS + 1)))
    np.testing.assert_allclose(weights_after(machine, rates)["square"], expected, 1e-6)
    assert len(set(plan.rates.tolist())) > STEPS // 2
    noises = [plan.batch(0, step, None) for step in range(STEPS)]
    # Where the weights stay at 0 the gradient is the noise, so the last two are seen.
    last = program("m = m * 0.0 + g", "u = w - 0.0 * g", "return u, m", states="m, ")
    assert not np.allclose(noises[0], noises[1])
    np.testing.assert_array_equal(weights_after(machine, last)["long"], 0.0)


def test_losses_of_chunks_are_means_over_their_steps(machine: Trainer) -> None:
    plan = machine.engine.plan
    stay = machine.train(program("u = g * 0.0", "return u"), 7)
    weights = plan.init(7)
    losses = [
        float(Valley().loss(weights, plan.batch(7, step, None)))
        for step in range(STEPS)
    ]
    means = np.reshape(losses, (CHUNKS, -1)).mean(axis=1)
    assert stay.chunk_losses == pytest.approx(means.tolist(), rel=1e-5)
    assert stay.loss == pytest.approx(float(Valley().evaluate(weights)), rel=1e-5)
    assert (stay.outcome, stay.steps) == (Outcome.OK, STEPS)


def test_seeds_give_weights_and_batches(machine: Trainer) -> None:
    sgd = program("u = 0.1 * g", "return u")
    stay = program("u = 0.0 * g", "return u")
    first, again, other = (machine.train(sgd, seed) for seed in (1, 1, 2))
    assert (first.loss, first.chunk_losses) == (again.loss, again.chunk_losses)
    assert first.loss != other.loss
    assert machine.train(stay, 1).loss != machine.train(stay, 2).loss


def test_nothing_is_left_of_one_program_in_the_next(machine: Trainer) -> None:
    averaging = parse(read_program("adamw"))
    before = machine.train(averaging, 0)
    machine.train(
        program("m = m + arcsin(2.0)", "u = m + g", "return u, m", states="m, "), 0
    )
    after = machine.train(averaging, 0)
    assert (before.loss, before.chunk_losses) == (after.loss, after.chunk_losses)


def test_overwriting_the_weights_changes_them_through_the_update_only(
    machine: Trainer,
) -> None:
    kept = weights_after(machine, program("w = w * 5.0", "u = 0.0 * g", "return u"))
    jax.tree.map(np.testing.assert_array_equal, kept, machine.engine.plan.init(0))
    gone = weights_after(machine, program("w = g + 1.0", "u = w - g", "return u"))
    expected = machine.engine.plan.init(0)["square"] - float(STEPS)
    np.testing.assert_allclose(gone["square"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("update", "outcome", "steps"),
    [
        ("g * arcsin(2.0)", "diverged", STEPS // CHUNKS),
        ("g + exp(1000.0)", "diverged", STEPS // CHUNKS),
        # The weights are 1000 - step from the first step on, then beyond the bound.
        ("w - 1000.0", "ok", STEPS),
        ("w - 1000.1", "diverged", STEPS // CHUNKS),
        ("w + 1000.1", "diverged", STEPS // CHUNKS),
        # Beyond the bound after 6 steps, seen at the end of the second chunk.
        ("w - step * 180.0", "diverged", 2 * STEPS // CHUNKS),
        # The last chunk ends beyond it.
        ("w - step * 90.0", "diverged", STEPS),
        ("w - step * 80.0", "ok", STEPS),
        # NaN at one step only, gone from the weights at the next: the loss tells.
        ("w - arcsin(1.0 + maximum(0.0, 1.0 - abs(step - 2.0)))", "diverged", 4),
    ],
)
def test_divergence_is_noticed_at_the_end_of_a_chunk(
    machine: Trainer, update: str, outcome: str, steps: int
) -> None:
    lines = (f"u = {update}", "u = u + 0.0 * g", "return u")
    if "arcsin(1.0" in update:
        lines = (f"u = {update}", "return u")
    training = machine.train(program(*lines), 0)
    assert (training.outcome, training.steps) == (outcome, steps)
    assert len(training.chunk_losses) == steps * CHUNKS // STEPS
    assert math.isnan(training.loss) == (outcome == "diverged")


def test_a_loss_under_the_floor_is_implausible(
    machine: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sgd = program("u = 0.1 * g", "return u")
    loss = machine.train(sgd, 0).loss
    task = machine.engine.plan.task
    for floor, outcome in ((loss, "ok"), (np.nextafter(loss, 9), "implausible")):
        monkeypatch.setattr(task, "floor", float(floor))
        training = machine.train(sgd, 0)
        assert (training.outcome, training.loss) == (outcome, loss)


def test_test_data_are_used_for_the_split_test(machine: Trainer) -> None:
    sgd = program("u = 0.1 * g", "return u")
    validation, test = machine.train(sgd, 0), machine.train(sgd, 0, TEST)
    assert test.loss == pytest.approx(1.0 + validation.loss, rel=1e-6)
    assert test.chunk_losses == validation.chunk_losses


def test_all_these_trainings_were_compiled_once(machine: Trainer) -> None:
    machine.train(program("u = 0.1 * g", "return u"), 0)
    task = machine.engine.plan.task
    before = task.traces
    for each in descendants(5):
        machine.train(each, 1)
    assert task.traces == before


def test_data_from_the_host_train_the_same(machine: Trainer) -> None:
    host = Trainer(Machine(plan_of(HostValley())))
    for each in (program("u = 0.1 * g", "return u"), parse(read_program("lion"))):
        ours, theirs = host.train(each, 4), machine.train(each, 4)
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-6)
        assert ours.chunk_losses == pytest.approx(theirs.chunk_losses, rel=1e-6)


@pytest.mark.parametrize(
    ("asked", "given"), [(1, 1), (5, 4), (10, 6), (12, 12), (50, 12)]
)
def test_chunks_divide_the_steps(asked: int, given: int) -> None:
    plan = plan_of(Valley(), asked)
    assert (plan.chunks, plan.chunk_steps) == (given, STEPS // given)
    chunks = [plan.chunk(0, number) for number in range(given)]
    steps = np.concatenate([chunk.steps for chunk in chunks])
    assert steps.tolist() == list(range(STEPS))
    rates = np.concatenate([chunk.rates for chunk in chunks])
    assert rates.tolist() == plan.rates.tolist()


def test_a_layout_takes_trees_apart_and_together() -> None:
    tree = Valley().init(jax.random.key(0))
    layout = Layout.of(tree)
    assert layout.size == 8
    vector = layout.vector(tree)
    assert vector.shape == (8,)
    jax.tree.map(np.testing.assert_array_equal, layout.tree(vector), tree)
    for flat, leaf in zip(layout.leaves(vector), jax.tree.leaves(tree), strict=True):
        np.testing.assert_array_equal(flat, np.ravel(leaf))


@pytest.mark.parametrize(
    ("weights", "named"),
    [({}, "no arrays"), ([jnp.zeros(2), jnp.zeros(2, jnp.int32)], "float32, int32")],
)
def test_weights_have_to_be_float32(weights: Any, named: str) -> None:
    with pytest.raises(InputError, match=named):
        Layout.of(weights)
