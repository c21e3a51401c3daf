"""An interrupt is raised inside the window of its evaluation, and nowhere else."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from relforge.runtime.agent.guard import Guard, Interrupted


def test_an_interrupt_ends_what_runs_in_the_window() -> None:
    guard = Guard()

    def work() -> None:
        assert guard.interrupt()
        while True:
            pass

    with pytest.raises(Interrupted):
        guard.run(work)
    assert guard.delivered
    assert not guard.due
    assert not guard.interrupt()


def test_one_that_came_before_is_raised_inside() -> None:
    guard = Guard()
    assert not guard.interrupt()
    with pytest.raises(Interrupted):
        guard.run(guard.check)
    assert not guard.due


def test_one_that_arrives_when_the_function_has_returned_is_not_raised_and_stays_due() -> None:
    guard = Guard()

    def late(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is Guard._close.__code__:
            sys.setprofile(None)
            guard.interrupt()

    sys.setprofile(late)
    try:
        assert 42 == guard.run(lambda: 42)
    finally:
        sys.setprofile(None)
    assert guard.due
    assert not guard.delivered
