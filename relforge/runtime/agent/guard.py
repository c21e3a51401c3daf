"""Ctrl-C for another thread: an exception that is raised inside a window, and nowhere else.

``PyThreadState_SetAsyncExc`` raises between any two instructions of a thread.
A Guard says when that is allowed: only while the code of an evaluation runs,
never in the agent's own code, never inside an event loop.
"""

from __future__ import annotations

import ctypes

from .native import allocate_lock, get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")

_set_async_exc = ctypes.pythonapi.PyThreadState_SetAsyncExc
# As a pointer, so that None is NULL, which clears; py_object(None) would schedule `raise None`.
_set_async_exc.argtypes = [ctypes.c_ulong, ctypes.c_void_p]
_set_async_exc.restype = ctypes.c_int

_windows: dict[int, Guard] = {}


class Interrupted(Exception):
    """Ctrl-C in an evaluation.

    No KeyboardInterrupt: asyncio passes that one on to the application's loop.
    """

    def __init__(self, *args: object) -> None:
        # Python makes the instance at the moment of delivery, in the thread that is hit.
        super().__init__(*args)
        guard = _windows.get(get_ident())
        if guard is not None:
            guard.delivered = True


# What people read at the end of a traceback is the name, without our modules.
Interrupted.__module__ = "builtins"


class Guard:
    """The interrupt of one evaluation; its windows may open in several threads, one at a time."""

    def __init__(self) -> None:
        # A plain lock: an exception cannot come between its acquisition and the `with` block.
        self._lock = allocate_lock()
        self._thread: int | None = None
        self.wanted = False
        self.delivered = False

    @property
    def due(self) -> bool:
        """An interrupt was asked for, and the evaluation has not seen it yet."""
        return self.wanted and not self.delivered

    def interrupt(self) -> bool:
        """Ask for the interrupt; False where no window is open, so that nothing was raised."""
        with self._lock:
            self.wanted = True
            if self._thread is None:
                return False
            return int(_set_async_exc(self._thread, id(Interrupted))) == 1

    def check(self) -> None:
        """Raise an interrupt that came before the window was open; call it inside."""
        if self.due:
            raise Interrupted

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``function`` in a window of this thread.

        An interrupt that arrives after the function has returned is not
        raised; it stays ``due``.
        """
        try:
            self._open()
            return function(*args, **kwargs)
        finally:
            while True:
                try:
                    self._close()
                    break
                except Interrupted:
                    # Delivered between the function's end and the window's: too late.
                    self.delivered = False

    def _open(self) -> None:
        with self._lock:
            self._thread = get_ident()
            _windows[self._thread] = self

    def _close(self) -> None:
        with self._lock:
            if self._thread is not None:
                if self.due:
                    _set_async_exc(self._thread, None)
                _windows.pop(self._thread, None)
            self._thread = None
