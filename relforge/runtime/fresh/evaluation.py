"""Statements and awaitables in a fresh process, on an event loop that is made when needed."""

from __future__ import annotations

import inspect

from .. import calling
from ..agent import modules, source
from ..errors import DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any


def evaluate(text: str, namespace: dict[str, Any] | None = None) -> int:
    """Run statements; a last expression that is not None is printed."""
    from .. import config

    scope = {"__name__": "__console__", "config": config} if namespace is None else namespace
    text = source.dedented(text)
    source.remember("<eval>", text)
    value: Any = None
    with Loop() as loop:
        parts, has_value = source.parts(text, "<eval>")
        modules.bring(text, scope)
        for code in parts:
            value = eval(code, scope)
            if code.co_flags & inspect.CO_COROUTINE:
                value = loop.run(value)
    if has_value and value is not None:
        print(repr(value))
    return DONE


def awaited(value: Any) -> Any:
    """The value, or what it returns where it is awaitable."""
    if not inspect.isawaitable(value):
        return value
    with Loop() as loop:
        return loop.run(calling.whole(value))


class Loop:
    """An event loop for ``await``, made when the first one comes."""

    def __init__(self) -> None:
        self._runner: Any = None

    def __enter__(self) -> Loop:
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner is not None:
            self._runner.close()

    def run(self, coro: Coroutine[Any, Any, Any]) -> Any:
        """Until it is done; Ctrl-C cancels it and raises KeyboardInterrupt."""
        if self._runner is None:
            import asyncio

            self._runner = asyncio.Runner()
        return self._runner.run(coro)
