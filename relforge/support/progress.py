"""The progress of a step that takes a while; by default nobody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Listener = Callable[[str], None]
Watch = Callable[[str], AbstractContextManager[None]]  # called with the name of each step

_listeners: list[Listener] = []


def report(text: str) -> None:
    """Say how far it is, in a few words; may be called often, and from any thread."""
    for listener in _listeners[-1:]:
        listener(text)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let the listener hear what is reported meanwhile, in place of the one before."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
