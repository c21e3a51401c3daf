"""Entry of the fresh processes: ``eval``, ``run`` and ``console``, after ``client.launch``."""

from __future__ import annotations

import inspect
import os
import sys

from .. import calling
from ..agent import entry, modules, report, source
from ..errors import DONE, FAILED, USAGE, Refusal, told
from . import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from ..contract.command import Command


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

        return own.run(words[0], json.loads(words[1]), config, command, *words[2:])
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


def run(target: str, words: list[str]) -> int:
    """Call ``pkg.mod:fn`` with strings; an int is the exit status, anything else is printed.

    A console script, and a function without parameters, finds them in ``sys.argv``.
    """
    sys.argv = [target, *words]  # which some read while they are imported
    function = entry.find(target)
    if calling.is_script(function):
        return calling.exit_status(_awaited(function()))
    return _status(_awaited(function() if calling.names(function) == () else function(*words)))


def command(
    command: Command, name: str, given: list[str] | dict[str, Any], *, about: bool = False
) -> int:
    """Call the function of a command of the project's own; ``about``: it is asked for its help.

    ``name`` is the release's.  Raises Refusal for words that it does not take.
    """
    words = given if isinstance(given, list) else []
    sys.argv = [f"{name} {command.name}", *options.passed(words)]
    function = entry.find(command.call)
    if isinstance(given, dict):
        return _status(_awaited(function(**given)))
    reads = command.argv or calling.is_script(function)
    if reads and not (about and command.confirm):
        return calling.exit_status(_awaited(function()))
    from ..commands import own

    taken = None if reads else calling.names(function) or ()
    usage = own.usage(command.name, command.row(), taken)
    if about:
        print(usage)
        return DONE
    try:
        found = calling.positional(function, words, command.name)
    except Refusal as error:
        raise Refusal(error.message, hint=usage.partition("\n")[0], code=error.code) from None
    return _status(_awaited(function(*found)))


def live(target: str, given: list[str] | dict[str, Any]) -> int:
    """Call what `rpc` would call in a live process, with the same arguments; raises Refusal."""
    function = entry.find(target)
    named = given if isinstance(given, dict) else {}
    words = [] if isinstance(given, dict) else options.passed(given)
    problem = calling.unbound(function, *words, **named)
    if problem:
        raise Refusal(f"{target}: {problem}", code=USAGE)
    return _status(_awaited(function(*words, **named)))


def _status(value: Any) -> int:
    if value is None:
        return DONE
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    print(value)
    return DONE


def _awaited(value: Any) -> Any:
    if not inspect.isawaitable(value):
        return value
    with Loop() as loop:
        return loop.run(_whole(value))


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
