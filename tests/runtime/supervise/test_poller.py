"""A descriptor that rests: what it gets waits, its end does not."""

from __future__ import annotations

import os
import time

from relforge.runtime.supervise.poller import READ, Poller

LONG = 60.0


def test_what_comes_during_a_rest_is_taken_in_one_go() -> None:
    ours, theirs = os.pipe()
    poller, taken = Poller(), []
    poller.add(ours, READ, lambda _events: taken.append(os.read(ours, 100)))
    poller.rest(ours, 0.05)
    began = time.monotonic()
    os.write(theirs, b"one ")
    poller.wait(0)
    os.write(theirs, b"two")
    while not taken:
        poller.wait(LONG)
    assert taken == [b"one two"]
    assert time.monotonic() - began >= 0.05
    os.close(theirs)
    os.close(ours)


def test_an_end_is_seen_during_a_rest() -> None:
    ours, theirs = os.pipe()
    poller, taken = Poller(), []
    poller.add(ours, READ, lambda _events: taken.append(os.read(ours, 100)))
    poller.rest(ours, LONG)
    os.write(theirs, b"last words")
    os.close(theirs)
    poller.wait(LONG)
    assert taken == [b"last words"]
    poller.remove(ours)
    os.close(ours)
    poller.wait(0)  # nobody is left to be woken
