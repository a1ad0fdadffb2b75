"""Laws of the schedules: peak 1, rising before it, falling or level after it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evosearch.errors import InputError
from evosearch.schedules import SCHEDULES, schedule_values

kinds = st.sampled_from(sorted(SCHEDULES))
shares = st.floats(0.0, 0.99)
lengths = st.integers(1, 500)


@given(kinds, shares, lengths)
def test_peak_is_exactly_one_and_no_step_is_wasted(
    kind: str, warmup: float, steps: int
) -> None:
    values = schedule_values(kind, warmup, steps)
    assert values.shape == (steps,)
    assert values.dtype == np.float32
    assert values.max() == 1.0
    assert values.min() > 0.0


@given(kinds, shares, lengths)
def test_warmup_rises_evenly_to_the_peak(kind: str, warmup: float, steps: int) -> None:
    values = schedule_values(kind, warmup, steps)
    peak = int(values.argmax())
    assert peak == min(round(warmup * steps), steps - 1)
    rise = np.diff(values[: peak + 1], prepend=np.float32(0.0))
    np.testing.assert_allclose(rise, 1.0 / (peak + 1), atol=1e-6)


@given(st.sampled_from(["cosine", "linear"]), shares, lengths)
def test_decay_never_rises(kind: str, warmup: float, steps: int) -> None:
    values = schedule_values(kind, warmup, steps)
    assert (np.diff(values[int(values.argmax()) :]) < 0.0).all()


def test_decay_ends_near_zero() -> None:
    assert schedule_values("linear", 0.1, 200)[-1] == pytest.approx(1 / 180)
    assert 0.0 < schedule_values("cosine", 0.1, 200)[-1] < 1e-4


def test_cosine_is_half_way_when_linear_is() -> None:
    assert schedule_values("cosine", 0.0, 100)[50] == pytest.approx(0.5)
    assert schedule_values("linear", 0.0, 100)[50] == pytest.approx(0.5)
    # A cosine stays above a line in the first half and under it in the second.
    above = schedule_values("cosine", 0.0, 100) > schedule_values("linear", 0.0, 100)
    assert above[1:50].all()
    assert not above[51:].any()


def test_constant_stays() -> None:
    assert (schedule_values("constant", 0.2, 50)[10:] == 1.0).all()


@pytest.mark.parametrize(
    ("kind", "warmup", "steps", "message"),
    [
        ("cosin", 0.0, 10, "schedule: no 'cosin': did you mean cosine?"),
        ("linear", 1.0, 10, "warmup: 1.0 is not a share of the steps"),
        ("linear", -0.1, 10, "warmup: -0.1 is not a share of the steps"),
        ("linear", float("nan"), 10, "warmup: nan is not a share of the steps"),
        ("linear", 0.0, 0, "steps: 0 is not a number of steps"),
    ],
)
def test_bad_arguments_are_named(
    kind: str, warmup: float, steps: int, message: str
) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        schedule_values(kind, warmup, steps)
