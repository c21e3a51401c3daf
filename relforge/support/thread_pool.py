"""Doing one thing for many values at once, in threads that an interrupt need not wait for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

V = TypeVar("V")
R = TypeVar("R")


def each(work: Callable[[V], R], values: Sequence[V], at_once: int) -> Iterator[tuple[V, R]]:
    """Each value with its result, as they come; the first error ends it all and is raised.

    The threads are daemons: one that hangs in a socket does not keep the process.
    """
    waiting: queue.SimpleQueue[V] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[V, R | None, BaseException | None]] = queue.SimpleQueue()
    stop = threading.Event()
    for value in values:
        waiting.put(value)

    def labour() -> None:
        while not stop.is_set():
            try:
                value = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((value, work(value), None))
            except BaseException as error:  # raised again where the results are taken
                done.put((value, None, error))

    for _ in range(min(at_once, len(values))):
        threading.Thread(target=labour, daemon=True).start()
    try:
        for _ in values:
            value, result, error = done.get()
            if error is not None:
                raise error
            yield value, result  # type: ignore[misc]  # there is one where there is no error
    finally:
        stop.set()
