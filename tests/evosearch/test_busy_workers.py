"""A window that is large enough keeps a pool's workers busy; a small one does not."""

from __future__ import annotations

import pytest

from tests.performance.driver import measure

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("durations", [(10.0, 10.0), (5.0, 15.0)])
def test_three_trainings_in_the_window_keep_a_worker_busy(
    durations: tuple[float, float],
) -> None:
    figures = measure(window=64, durations=durations, workers=8, seconds=300.0)
    assert 64 * figures.trained / figures.made >= 3 * 8
    assert figures.busy > 0.95


def test_half_a_training_in_the_window_does_not() -> None:
    figures = measure(window=4, durations=(10.0, 10.0), workers=8, seconds=300.0)
    assert figures.busy < 0.6
