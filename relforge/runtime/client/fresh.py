"""Entry of the fresh processes: ``eval``, ``run`` and ``console``, after ``client.launch``."""

from __future__ import annotations

import inspect
import os
import sys

from ..agent import entry, modules, report, source
from ..errors import DONE, FAILED, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any


def main(argv: list[str]) -> int:
    """Do what ``argv`` says and return the exit status.

    What the application raises is shown without our frames (exit 1);
    SystemExit passes.
    """
    try:
        return told(lambda: _dispatch(argv))
    except Exception as error:
        sys.stdout.flush()
        print(report.error(error), end="", file=sys.stderr)
        return FAILED


def _dispatch(argv: list[str]) -> int:
    from ..config import view
    from ..service import redaction

    word, *words = argv
    config = int(os.environ["RELFORGE_CONFIG_FD"])
    view.install(config, os.environ)
    redaction.install()
    if word == "eval":
        return evaluate(words[0])
    if word == "run":
        return run(words[0], words[1:])
    if word == "command":
        import json

        from . import own

        return own.run(words[0], json.loads(words[1]), config, run)
    if words:
        from . import lent

        return lent.serve(int(words[0]))
    from .interactive import console

    return console()


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


def run(target: str, words: list[str], named: dict[str, Any] | None = None) -> int:
    """Call ``pkg.mod:fn`` with strings; an int is the exit status, anything else is printed.

    One that takes no parameters finds them in ``sys.argv``, as the entry points
    of console scripts do.
    """
    function = entry.find(target)
    sys.argv = [target, *words]
    if named:
        value = function(**named)
    else:
        value = function(*words) if _takes_something(function) else function()
    if inspect.isawaitable(value):
        with Loop() as loop:
            value = loop.run(_whole(value))
    if value is None:
        return DONE
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    print(value)
    return DONE


def _takes_something(function: Any) -> bool:
    try:
        return bool(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # written in C
        return True


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


async def _whole(awaitable: Any) -> Any:
    return await awaitable
