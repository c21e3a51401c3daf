"""Connecting to a Unix socket whose queue is full."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relforge.runtime.errors import NO_ANSWER, Refusal
from relforge.runtime.wire import unix


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """A listener that has not accepted anybody, and whose queue takes nobody else."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, ExitStack() as held:
        listener.bind(path)
        listener.listen(1)
        for _ in range(2):
            held.enter_context(socket.socket(socket.AF_UNIX)).connect(path)
        yield path, listener


def test_a_place_in_the_queue_is_waited_for(crowded: tuple[str, socket.socket]) -> None:
    path, listener = crowded
    timer = threading.Timer(0.3, listener.accept)
    timer.start()
    begun = time.monotonic()
    unix.dial(path, "web.1", 5).close()
    assert 0.2 < time.monotonic() - begun < 4
    timer.join()


def test_a_queue_that_stays_full_is_a_process_that_does_not_answer(
    crowded: tuple[str, socket.socket],
) -> None:
    begun = time.monotonic()
    with pytest.raises(
        Refusal, match=r"web.1 is running, but does not answer within 0.3s"
    ) as caught:
        unix.dial(crowded[0], "web.1", 0.3)
    assert NO_ANSWER == caught.value.code
    assert time.monotonic() - begun >= 0.3
