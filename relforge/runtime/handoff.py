"""State that goes from a process to the one that takes its place, in an upgrade or a reload.

    from relforge.runtime import handoff

    @handoff.export(schema=3)
    def counters():
        return {"seen": 17}

    @handoff.import_(accepts=[2, 3])
    def take(state, schema):
        ...

The new process asks the old one, through its agent, when the application has
been imported and before the service is ready; the old one works on meanwhile,
so what changes after that stays with it.  One that has to be gone first, of a
`singleton`, is asked by the supervisor just before it is stopped.

A state is JSON, or bytes; it is never pickled.  Whatever is not as it should be
(another schema, an exception, no answer) is a cold start, and a line in the log.
"""

from __future__ import annotations

import base64
import json
import os
import sys

from . import protocol as messages
from .protocol import answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Collection
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

MOST = 8 << 20  # bytes
SECONDS = 10.0  # for the export, and for the answer


class _Ends:
    """What the application has registered in this process."""

    def __init__(self) -> None:
        self.give: Callable[[], Any] | None = None
        self.schema = 0
        self.take: Callable[[Any, int], Any] | None = None
        self.accepts: frozenset[int] = frozenset()


_ends = _Ends()


def export(schema: int) -> Callable[[F], F]:
    """Mark the function that returns the state, JSON or bytes; it may be a coroutine function.

    It is called in a thread of its own, a coroutine function on the
    application's loop, while the service goes on.
    """

    def register(function: F) -> F:
        _ends.give, _ends.schema = function, schema
        return function

    return register


def import_(accepts: Collection[int]) -> Callable[[F], F]:
    """Mark the function that is given the state and its schema, before the service is ready."""

    def register(function: F) -> F:
        _ends.take, _ends.accepts = function, frozenset(accepts)
        return function

    return register


def answer(loop: AbstractEventLoop | None) -> dict[str, Any]:
    """The state of this process as a message; raises what the application raises."""
    if _ends.give is None:
        return answers.handoff(None)
    import inspect

    state = _ends.give()
    if inspect.isawaitable(state):
        from asyncio import run_coroutine_threadsafe

        from . import calling

        if loop is None:
            raise RuntimeError("the export is a coroutine function, and no loop runs")
        state = run_coroutine_threadsafe(calling.whole(state), loop).result(SECONDS)
    kind = "bytes" if isinstance(state, bytes) else "json"
    text = base64.b64encode(state).decode() if kind == "bytes" else json.dumps(state)
    if len(text) > MOST:
        raise ValueError(f"a state of {len(text)} bytes is over the limit of {MOST}")
    return answers.handoff(_ends.schema, **{kind: text})


def receive(agent: str) -> None:
    """Ask the process whose agent listens there, and give its state to the application."""
    if _ends.take is not None:
        _accept(agent, lambda: ask(agent))


def receive_kept(agent: str, fd: int) -> None:
    """The same with an answer of its that was kept, in a memfd."""
    if _ends.take is not None:
        _accept(agent, lambda: _kept(fd))


def _accept(agent: str, answered: Callable[[], dict[str, Any]]) -> None:
    who = os.path.basename(agent).removesuffix(".sock")
    try:
        assert _ends.take is not None
        message = answered()
        if message.get("op") == messages.ERROR:
            raise RuntimeError(message.get("error"))
        schema = message.get("schema")
        if schema is None:
            return _say(f"{who} has no state to hand over")
        if schema not in _ends.accepts:
            known = ", ".join(map(str, sorted(_ends.accepts)))
            return _say(f"cold start: the state has schema {schema}, known are {known}")
        if "bytes" in message:
            state: Any = base64.b64decode(message["bytes"])
        else:
            state = json.loads(message["json"])
        _ends.take(state, schema)
    except Exception as error:
        return _say(f"cold start: {type(error).__name__}: {error}")
    return _say(f"the state of {who} is taken over (schema {schema})")


def ask(path: str) -> dict[str, Any]:
    """What the process answers whose agent listens there; raises where it does not."""
    import socket

    from .wire import frames

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(SECONDS + 1)
        sock.connect(path)
        frames.send(sock, messages.hello("handoff"))
        frames.send(sock, {"op": messages.HANDOFF, "id": 1})
        while (message := frames.receive(sock)) is not None:
            if message.get("op") in (messages.HANDOFF, messages.ERROR):
                return message
    raise ConnectionError("the old process closed the connection")


def _kept(fd: int) -> dict[str, Any]:
    data = os.pread(fd, os.fstat(fd).st_size, 0)
    if not data:
        raise TimeoutError("the old process did not answer")
    message: dict[str, Any] = json.loads(data)
    return message


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
