"""uvicorn on sockets of ours: ready from inside, and a drain that loses no request.

Plain SIGTERM to uvicorn closes idle kept-alive connections at once, and with
them the requests that are on their way.
"""

from __future__ import annotations

import asyncio
import inspect
import select
import signal
import socket
import time
from difflib import get_close_matches
from types import FrameType
from typing import Any

import uvicorn

from ...agent.server import Agent
from ...errors import CONFIG, FAILED, Refusal
from .. import notify

# Whose business these are: the supervisor's.
OURS = {
    "app",
    "fd",
    "host",
    "port",
    "reload",
    "reload_delay",
    "reload_dirs",
    "reload_excludes",
    "reload_includes",
    "self",
    "uds",
    "workers",
}
_LAST = 1.0  # seconds between the end of the drain and the cancelling of what still runs
_TICK = 0.02


def serve(app: Any, service: dict[str, Any], agent: Agent) -> int:
    """Serve until SIGTERM; 0 after a drain, whatever uvicorn would exit with."""
    options = _checked(service["options"], f"services.{service['name']}.options")
    options.setdefault("interface", "wsgi" if is_wsgi(app) else "auto")
    options.setdefault("timeout_graceful_shutdown", max(1, round(_LAST)))
    sockets = [socket.socket(fileno=fd) for fd in service["listen"]]
    for sock in sockets:
        sock.setblocking(False)
    server = Server(uvicorn.Config(app, **options), agent, float(service["drain"]))
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it is done, and this is what it meets then.
        signal.signal(number, server.asked)
    server.run(sockets=sockets)
    return 0 if server.started else FAILED


class Server(uvicorn.Server):
    """Says when it is ready, and stops in two stages; a second SIGTERM ends the first of them."""

    def __init__(self, config: uvicorn.Config, agent: Agent, drain: float) -> None:
        super().__init__(config)
        self._agent = agent
        self._drain = drain
        self._hurry = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal while uvicorn's handlers are set."""
        self._hurry = self.should_exit
        super().handle_exit(sig, frame)

    def asked(self, _number: int, _frame: object) -> None:
        """A signal before uvicorn has set its handlers, or after."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept, then tell."""
        self._agent.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started and not self.should_exit:
            notify.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting; answer what comes with ``Connection: close``; wait; then end."""
        notify.notify("STOPPING=1")
        await self._refuse(sockets or [])
        # In the list itself, too: requests that have begun hold it.
        headers = self.server_state.default_headers
        headers.insert(0, (b"connection", b"close"))
        for connection in list(self.server_state.connections):
            if "websockets" in type(connection).__module__:
                connection.shutdown()  # its client is told, and comes back elsewhere
        end = time.monotonic() + self._drain
        while self.server_state.connections and time.monotonic() < end and not self._hurry:
            await asyncio.sleep(_TICK)
        await super().shutdown(sockets)

    async def _refuse(self, sockets: list[socket.socket]) -> None:
        """Close the listening sockets at a moment when their queues are empty.

        Whoever is in a queue when it closes is connected, and loses the request.
        """
        end = time.monotonic() + _LAST
        for server, sock in zip(self.servers, sockets, strict=True):
            while _waits(sock) and time.monotonic() < end:
                await asyncio.sleep(0)
            server.close()
            sock.close()


def _waits(sock: socket.socket) -> bool:
    """Has the kernel let somebody in whom nobody has accepted yet?"""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def is_wsgi(app: Any) -> bool:
    """A callable of (environ, start_response), and no coroutine."""
    call = app if inspect.isfunction(app) else getattr(app, "__call__", None)  # noqa: B004
    if not callable(app) or inspect.isclass(app) or inspect.iscoroutinefunction(call):
        return False
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [
        row
        for row in parameters
        if row.default is row.empty and row.kind in (row.POSITIONAL_ONLY, row.POSITIONAL_OR_KEYWORD)
    ]
    return len(needed) == 2


def _checked(options: dict[str, Any], where: str) -> dict[str, Any]:
    known = set(inspect.signature(uvicorn.Config).parameters) - OURS
    for name in options:
        if name in OURS:
            raise Refusal(f"{where}.{name}: the supervisor sees to that", code=CONFIG)
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise Refusal(f"{where}.{name}: uvicorn has no such option", hint=hint, code=CONFIG)
    return dict(options)
