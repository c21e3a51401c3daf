"""``SystemExit`` and ``KeyboardInterrupt`` of a console, kept away from the event loop.

asyncio passes both of them on out of ``run_forever``, which would end the
application; so they travel inside an ordinary exception.
"""

from __future__ import annotations

import asyncio

from . import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
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
            coro = _held(coro)
        if self._before is None:
            return asyncio.Task(coro, loop=loop, **options)
        made: asyncio.Future[Any] = self._before(loop, coro, **options)
        return made


async def _held(coro: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await coro
    except (SystemExit, KeyboardInterrupt) as error:
        raise Contained(error) from None
