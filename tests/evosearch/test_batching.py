"""Programs side by side are trained as one at a time, whoever is beside them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import pytest

from dsl import parse
from dsl.library import read_program
from evosearch.batching import Batching
from evosearch.errors import InputError
from evosearch.machine import Machine
from evosearch.plan import Plan
from evosearch.slots import Slots
from evosearch.train import Outcome, Trainer, Training
from tests.evosearch.test_train import HostValley, Valley, descendants, plan_of

TOLERANCE = 1e-5
"""Relative, of losses: sums over slots are taken in another order."""

STAY = parse("def train(w, g, lr):\n  u = g - g\n  return u\n")
BLOWS_UP = parse("def train(w, g, lr):\n  u = g * arcsin(2.0)\n  return u\n")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(Valley())


@pytest.fixture(scope="module")
def batching(plan: Plan) -> Batching[Any]:
    return Batching(plan, 4, print)


@pytest.fixture(scope="module")
def alone(plan: Plan) -> Trainer:
    return Trainer(Machine(plan))


def train(batching: Batching[Any], *asked: Any) -> dict[Any, Training]:
    """The results of (program, seed, ...), by place; all are done at the end."""
    for place, each in enumerate(asked):
        batching.submit(place, *each)
    done: dict[Any, Training] = {}
    while batching.busy:
        for place, training in batching.collect():
            assert place not in done
            done[place] = training
    assert set(done) == set(range(len(asked)))
    return done


def assert_close(ours: Training, theirs: Training) -> None:
    assert (ours.outcome, ours.steps) == (theirs.outcome, theirs.steps)
    found, expected = (
        (*ours.chunk_losses, ours.loss),
        (*theirs.chunk_losses, theirs.loss),
    )
    assert found == pytest.approx(expected, rel=TOLERANCE, nan_ok=True)


def test_slots_train_as_one_slot_does(batching: Batching[Any], alone: Trainer) -> None:
    names = ("adamw", "lamb", "lion", "paper/program8", "radam", "sgd")
    known = [parse(read_program(name)) for name in names]
    asked = [
        (each, n % 3, "validation") for n, each in enumerate([*known, *descendants(6)])
    ]
    for place, training in train(batching, *asked).items():
        assert_close(training, alone.train(*asked[place]))


def test_a_result_does_not_depend_on_the_company(batching: Batching[Any]) -> None:
    lion = (parse(read_program("lion")), 5, "validation")
    others = [(each, n, "validation") for n, each in enumerate(descendants(6))]
    by_itself = train(batching, lion)[0]
    for company in ([*others, lion], [others[3], lion, *others]):
        among = train(batching, *company)[company.index(lion)]
        assert dataclasses.replace(among, seconds=by_itself.seconds) == by_itself


def test_what_ends_early_makes_room(batching: Batching[Any], alone: Trainer) -> None:
    first = alone.train(STAY, 0).chunk_losses[0]
    asked = [
        (BLOWS_UP, 0, "validation"),
        (STAY, 0, "validation", (math.nextafter(first, 0.0) * (1 - 1e-4),)),
        (STAY, 0, "validation", (first * (1 + 1e-4),)),
        (STAY, 1, "test"),
        (STAY, 1, "validation"),
        (parse(read_program("sgd")), 2, "validation"),
    ]
    done = train(batching, *asked)
    outcomes = [done[place].outcome for place in range(len(asked))]
    assert outcomes == ["diverged", "hopeless", "ok", "ok", "ok", "ok"]
    for place, training in done.items():
        assert_close(training, alone.train(*asked[place]))
    assert done[3].loss == pytest.approx(1.0 + done[4].loss, rel=TOLERANCE)


def test_an_implausible_loss_is_named(
    batching: Batching[Any], plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan.task, "floor", 1e9)
    assert train(batching, (STAY, 0, "validation"))[0].outcome is Outcome.IMPLAUSIBLE


def test_seconds_are_shared(batching: Batching[Any]) -> None:
    done = train(batching, *[(STAY, seed, "validation") for seed in range(4)])
    assert len({training.seconds for training in done.values()}) == 1
    assert all(training.seconds > 0.0 for training in done.values())


def test_data_from_the_host_are_each_slots_own(alone: Trainer) -> None:
    host = Batching[Any](plan_of(HostValley()), 4, print)
    sgd = parse(read_program("sgd"))
    done = train(host, *[(sgd, seed, "validation") for seed in (4, 5)])
    for place, seed in enumerate((4, 5)):
        assert_close(done[place], alone.train(sgd, seed))


class Full:
    """Slots of a device that has room for some, from the second chunk on."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.chunks = 0
        self._advance = Slots.advance

    def advance(self, slots: Slots, *inputs: Any) -> Any:
        self.chunks += 1
        if slots.count > self.room and self.chunks > 1:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory\nmore")
        return self._advance(slots, *inputs)


def trains_with_room(plan: Plan, room: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    full, said = Full(room), list[str]()
    monkeypatch.setattr(
        Slots, "advance", lambda slots, *rest: full.advance(slots, *rest)
    )
    asked = [(each, 3, "validation") for each in (STAY, BLOWS_UP, *descendants(3))]
    return train(Batching(plan, 8, said.append), *asked), asked, said


def test_without_memory_the_slots_are_halved(
    plan: Plan, alone: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, asked, said = trains_with_room(plan, 4, monkeypatch)
    for place, training in done.items():
        assert_close(training, alone.train(*asked[place]))
    assert said == ["out of memory with 8 slots: going on with 4"]


def test_without_memory_for_one_training_the_task_is_named(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"no memory for one training .*RESOURCE"):
        trains_with_room(plan, 0, monkeypatch)


def test_other_faults_of_the_device_are_not_caught(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise jax.errors.JaxRuntimeError("INTERNAL: the device is gone")

    monkeypatch.setattr(Slots, "advance", fails)
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL"):
        train(Batching(plan, 4, print), (STAY, 0, "validation"))
