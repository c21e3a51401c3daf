"""``SystemExit`` and ``KeyboardInterrupt`` of a console, kept away from the event loop.

asyncio passes both of them on out of ``run_forever``, which would end the
application; so they travel inside an ordinary exception.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from . import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any


class Contained(Exception):
    """Holds one of them on its way through asyncio."""

    def __init__(self, held: BaseException) -> None:
        super().__init__(f"{type(held).__name__}: {held}")
        self.held = held


def contain_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """From now on the tasks that a console starts on this loop are contained; idempotent.

    The application's own tasks are made as before.  Call it in the loop's thread.
    """
    factory = loop.get_task_factory()
    if not isinstance(factory, _Factory):
        loop.set_task_factory(_Factory(factory))


class _Factory:
    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(
        self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any
    ) -> asyncio.Future[Any]:
        if output.current.get() is not None:
            coro = _Held(coro)
        if self._before is None:
            return asyncio.Task(coro, loop=loop, **options)
        made: asyncio.Future[Any] = self._before(loop, coro, **options)
        return made


class _Held(Coroutine["Any", "Any", "Any"]):
    """The coroutine, but for those two exceptions; it looks the same from outside."""

    def __init__(self, coro: Any) -> None:
        self._coro = coro

    def send(self, value: Any) -> Any:
        return self._step(self._coro.send, value)

    def throw(self, *error: Any) -> Any:
        return self._step(self._coro.throw, *error)

    def close(self) -> None:
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Generator[Any, Any, Any] = self._coro.__await__()
        return step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)

    def _step(self, step: Callable[..., Any], *values: Any) -> Any:
        try:
            return step(*values)
        except (SystemExit, KeyboardInterrupt) as error:
            raise Contained(error) from None
