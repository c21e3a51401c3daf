"""Calling a function of the project: for `run`, and for the commands of the project."""

from __future__ import annotations

import sys

from .. import calling, command_line, options
from ..agent import entry
from ..errors import DONE, USAGE, Refusal
from .evaluation import awaited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..contract.command import Command


def run(target: str, words: list[str]) -> int:
    """Call ``pkg.mod:fn`` with strings; an int is the exit status, anything else is printed.

    A console script, and a function without parameters, finds them in ``sys.argv``.
    """
    sys.argv = [target, *words]  # which some read while they are imported
    function = entry.find(target)
    if calling.is_script(function):
        return calling.exit_status(awaited(function()))
    return _status(awaited(function() if calling.names(function) == () else function(*words)))


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
        return _status(awaited(function(**given)))
    reads = command.argv or calling.is_script(function)
    if reads and not (about and command.confirm):
        return calling.exit_status(awaited(function()))
    taken = None if reads else calling.names(function) or ()
    usage = command_line.usage(command.name, command.row(), taken)
    if about:
        print(usage)
        return DONE
    try:
        found = calling.positional(function, words, command.name)
    except Refusal as error:
        raise Refusal(error.message, hint=usage.partition("\n")[0], code=error.code) from None
    return _status(awaited(function(*found)))


def live(target: str, given: list[str] | dict[str, Any]) -> int:
    """Call what `rpc` would call in a live process, with the same arguments; raises Refusal."""
    function = entry.find(target)
    named = given if isinstance(given, dict) else {}
    words = [] if isinstance(given, dict) else options.passed(given)
    problem = calling.unbound(function, *words, **named)
    if problem:
        raise Refusal(f"{target}: {problem}", code=USAGE)
    return _status(awaited(function(*words, **named)))


def _status(value: Any) -> int:
    if value is None:
        return DONE
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    print(value)
    return DONE
