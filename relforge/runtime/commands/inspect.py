"""``ping``, ``stacks`` and ``tasks``: does it answer, and what is it doing."""

from __future__ import annotations

import sys

from .. import instance, options, paths
from .. import protocol as messages
from ..client import addresses
from ..client.connection import ANSWER_WITHIN, AgentClient, Gone, connect
from ..contract import manifest
from ..errors import DONE, NOT_RUNNING, USAGE, Refusal
from ..untrusted_text import line
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def ping(argv: list[str]) -> int:
    """Print ``pong`` when the supervisor answers; 3 not running, 5 no answer in time."""
    from ..client import supervisor
    from ..protocol.supervisor import ping as question

    given = options.parse(argv, values="--timeout")
    options.most(given, 0, usage("ping"))
    seconds = options.seconds(given.values.get("--timeout", "3s"), "--timeout")
    supervisor.ask(instance.here(), question(), seconds)
    print("pong")
    return DONE


def stacks(argv: list[str]) -> int:
    """Print the stacks of all threads and tasks of one process, or of each.

    ``--signal`` asks by a signal, which a process answers that cannot run Python.
    """
    given = options.parse(argv, flags="--all --signal", values="--timeout")
    seconds = _checked(given, usage("stacks"))
    if "--signal" not in given.flags:
        return _each(given, lambda who: _stacks(who, seconds))
    from ..client import dump

    return _each(given, lambda who: print(dump.ask(_address(who), seconds), end=""))


def tasks(argv: list[str]) -> int:
    """Print the unfinished asyncio tasks of one process or of each, or cancel one."""
    given = options.parse(argv, flags="--all", values="--timeout --cancel")
    seconds = _checked(given, usage("tasks"))
    name = given.values.get("--cancel")
    if name is None:
        return _each(given, lambda who: _tasks(who, seconds))
    if "--all" in given.flags:
        raise Refusal("--cancel goes with one process", hint=f"usage: {usage('tasks')}", code=USAGE)
    client = connect(given.words[0] if given.words else None, "tasks", seconds)
    _ask(client, seconds, messages.cancel(name))
    print(f"{name} is being canceled")
    return DONE


def _checked(given: options.Options, known: str) -> float:
    options.most(given, 0 if "--all" in given.flags else 1, known)
    return options.seconds(given.values.get("--timeout", f"{ANSWER_WITHIN:g}s"), "--timeout")


def _each(given: options.Options, show: Callable[[str | None], object]) -> int:
    """Show one process, or each with a title; what one refuses does not hide the others.

    The exit status is that of the first that refused.
    """
    if "--all" not in given.flags:
        show(given.words[0] if given.words else None)
        return DONE
    running = instance.here()
    code = DONE
    for number, key in enumerate(sorted(addresses.sockets(running.run))):
        print(("\n" if number else "") + f"== {addresses.shown(key)}", flush=True)
        try:
            show(addresses.exact(key))
        except Refusal as error:
            print(error.message, f"  {error.hint}", sep="\n", file=sys.stderr)
            code = code or error.code
    return code


def _stacks(who: str | None, seconds: float) -> None:
    client = connect(who, "stacks", seconds)
    print(_ask(client, seconds, {"op": messages.STACKS})["text"], end="")


def _tasks(who: str | None, seconds: float) -> None:
    client = connect(who, "tasks", seconds)
    answer = _ask(client, seconds, {"op": messages.TASKS})
    if not answer["loop"]:
        print(f"{client.address} has no event loop", file=sys.stderr)
    for row in answer["rows"]:
        print(line(f"task {row['name']} ({row['coro']}, {row['state']})"))
        print(*row["stack"], sep="\n", end="\n\n")


def _address(who: str | None) -> addresses.AgentAddress:
    root = manifest.root()
    running = instance.required(paths.of(root))
    return addresses.agent(running, who, lambda: manifest.load(root)["services"])


def _ask(client: AgentClient, seconds: float, message: dict[str, Any]) -> dict[str, Any]:
    try:
        return client.request(seconds=seconds, **message)
    except Gone:
        raise Refusal(f"{client.address} has ended", code=NOT_RUNNING) from None
