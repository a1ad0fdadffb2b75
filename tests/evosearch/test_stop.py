"""The first Ctrl-C asks, the second ends; afterwards all is as before."""

from __future__ import annotations

import signal

import pytest

from evosearch.stop import StopOnInterrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_asks_and_the_second_ends(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    said: list[str] = []
    with StopOnInterrupt(said.append) as stop:
        assert not stop.asked()
        signal.raise_signal(number)
        assert stop.asked()
        assert len(said) == 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before
