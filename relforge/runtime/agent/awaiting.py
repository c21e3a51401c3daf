"""Top-level ``await``: a console's coroutine on an event loop, with an interrupt of its own.

The coroutine is driven one step at a time, each inside the guard's window: a
busy loop in it is interrupted without an exception in the loop's own code.
"""

from __future__ import annotations

import asyncio
import contextvars
from contextlib import suppress

from .containment import Contained, contain_tasks
from .guard import Guard, Interrupted
from .native import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from typing import Any


class Awaited:
    """One coroutine of one evaluation."""

    def __init__(
        self, coro: Coroutine[Any, Any, Any], guard: Guard, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._coro = coro
        self._guard = guard
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None
        self._driver = self._drive()
        self._cancelled = False
        self._done = Event()
        self._value: Any = None
        self._error: BaseException | None = None

    def result(self) -> Any:
        """Start it on the loop, from another thread, and wait for what it returns or raises."""
        # Our output must follow into the task.
        self._loop.call_soon_threadsafe(self._start, context=contextvars.copy_context())
        return self._unpack()

    def run(self) -> Any:
        """The same on a loop that nobody else runs, in this thread."""
        self._start()
        if self._task is not None:
            self._loop.run_until_complete(asyncio.wait([self._task]))
        return self._unpack()

    def cancel(self) -> None:
        """From another thread: interrupt it where it waits."""
        # Where the loop is closed, the task has ended with it.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel)

    def _unpack(self) -> Any:
        self._done.wait()
        if isinstance(self._error, Contained):
            raise self._error.held
        if self._error is not None:
            raise self._error
        return self._value

    def _start(self) -> None:
        try:
            contain_tasks(self._loop)
            self._task = self._loop.create_task(self._driver, name="relforge-console")
        except BaseException as error:
            self._close()
            self._error = error
            self._done.set()
            return
        self._task.add_done_callback(self._finish)
        if self._guard.due:
            self._cancel()

    def _cancel(self) -> None:
        # Once: a second one would hit the coroutine's own clean-up.
        if self._task is not None and not self._cancelled and self._guard.due:
            self._cancelled = True
            self._task.cancel()

    def _close(self) -> None:
        # A coroutine that never took its first step warns otherwise.
        self._driver.close()
        self._coro.close()

    def _finish(self, task: asyncio.Task[Any]) -> None:
        self._close()
        if task.cancelled():
            self._error = Interrupted() if self._cancelled else asyncio.CancelledError()
        elif (raised := task.exception()) is not None:
            self._error = raised
        else:
            self._value = task.result()
        self._done.set()

    async def _drive(self) -> Any:
        return await _Steps(self)

    def steps(self) -> Generator[Any, Any, Any]:
        """Drive the coroutine as ``await`` does; raises Contained for SystemExit and Ctrl-C."""
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                if error is None:
                    waits_for = self._guard.run(self._coro.send, value)
                else:
                    waits_for = self._guard.run(self._coro.throw, error)
            except StopIteration as stop:
                return stop.value
            except (SystemExit, KeyboardInterrupt) as stop:
                raise Contained(stop) from None
            if self._guard.due:
                # It came when the step had just ended; the next await sees it.
                self._cancel()
            value = error = None
            try:
                value = yield waits_for
            except BaseException as raised:
                error = raised


class _Steps:
    def __init__(self, awaited: Awaited) -> None:
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._awaited.steps()
