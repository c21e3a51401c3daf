"""The application's event loop: which one it is, and whether it answers."""

from __future__ import annotations

import sys
import time

from . import native
from .native import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from types import FrameType

    from .host import Host

_DEEPEST = 500
_RUNNERS = ("run_forever", "run_until_complete", "run")  # methods of a loop, or of a Runner


def of(host: Host) -> AbstractEventLoop | None:
    """The loop that the service's adapter named, else the one that the main thread runs."""
    if host.loop is not None:
        return host.loop if not host.loop.is_closed() else None
    if "asyncio" not in sys.modules:
        return None
    return _of_main_thread()


def kind(loop: AbstractEventLoop | None) -> str | None:
    """``asyncio``, ``uvloop``: who made it."""
    return None if loop is None else type(loop).__module__.partition(".")[0]


def lag(loop: AbstractEventLoop, within: float) -> float | None:
    """Seconds until the loop does what it is asked; None where it takes longer than ``within``."""
    done = Event()
    began = time.perf_counter()
    try:
        loop.call_soon_threadsafe(done.set)
    except RuntimeError:  # closed meanwhile
        return None
    return time.perf_counter() - began if done.wait(within) else None


def _of_main_thread() -> AbstractEventLoop | None:
    import asyncio

    frame: FrameType | None = sys._current_frames().get(native.main())
    for _ in range(_DEEPEST):
        if frame is None:
            return None
        if frame.f_code.co_name in _RUNNERS:
            place = frame.f_locals.get("self")
            found = getattr(place, "_loop", place)  # a Runner has one
            if isinstance(found, asyncio.AbstractEventLoop) and found.is_running():
                return found
        frame = frame.f_back
    return None
