"""Tests of turns at heavy work."""

import threading

import pytest

from precord.api.problem import BusyError
from precord.api.turn import Turns


def _wait_for(turns: Turns, n: int) -> None:
    """Wait until *n* threads stand in the queue."""
    while len(turns._waiting) < n:
        threading.Event().wait(0.001)


def test_first_come_first_served() -> None:
    """Whoever waits longest is next, also when a newcomer asks at that moment."""
    turns, order = Turns(1), list[int]()
    threads = []

    def work(number: int) -> None:
        with turns.take():
            order.append(number)

    with turns.take():
        for number in range(5):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            _wait_for(turns, number + 1)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_as_many_at_once_as_there_are_turns() -> None:
    """Two of two hold a turn at the same time; each comes back, also after an error."""
    turns = Turns(2)
    with turns.take(), turns.take():
        assert turns._free == 0
    with pytest.raises(ZeroDivisionError), turns.take():
        _ = 1 / 0
    assert turns._free == 2


def test_patience_ends() -> None:
    """Who waited in vain is told so, and leaves the queue."""
    turns = Turns(1, patience=0.0)
    with turns.take():
        with pytest.raises(BusyError), turns.take():
            pass
        assert not turns._waiting
    with turns.take():
        pass
