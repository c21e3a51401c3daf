"""uvicorn on sockets of ours: ready from inside, and a drain that loses no request.

Plain SIGTERM to uvicorn closes idle kept-alive connections at once, and with
them the requests that are on their way.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.config import LIFESPAN, LOG_LEVELS

from ...agent.server import Agent
from ...calling import signature
from ...errors import CONFIG, FAILED, Refusal
from .. import notify, watchdog
from ..interface import is_wsgi
from . import listening
from .farewell import Farewell
from .lifetime import Lifetime
from .listening import LAST, checked

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
_CHOICES = {
    "interface": {"auto", "asgi2", "asgi3", "wsgi"},
    "lifespan": {*LIFESPAN},
    "log_level": {*LOG_LEVELS},
}
# Before 0.22 uvicorn has no limit for its own end of a shutdown.
LIMITED = "timeout_graceful_shutdown" in signature(uvicorn.Config).parameters
_TICK = 0.02


def serve(load: Callable[[], Any], service: dict[str, Any], agent: Agent) -> int:
    """Serve until SIGTERM; 0 after a drain, whatever uvicorn would exit with."""
    options = judge(service)
    app = load()
    options.setdefault("interface", "wsgi" if is_wsgi(app) else "auto")
    if LIMITED:
        options.setdefault("timeout_graceful_shutdown", max(1, round(LAST)))
    sockets = [socket.socket(fileno=fd) for fd in service["listen"]]
    for sock in sockets:
        sock.setblocking(False)
    config = uvicorn.Config(app, **options)
    server = Server(config, agent, float(service["drain"]), notify.ready)
    server.watchdog = service["watchdog"]
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it is done, and this is what it meets then.
        signal.signal(number, server.asked)
    server.run(sockets=sockets)
    return 0 if server.started else FAILED


def judge(service: dict[str, Any]) -> dict[str, Any]:
    """The options of the service; raises Refusal for one that uvicorn has not.

    The build asks for it, too.
    """
    options = checked(service, "uvicorn", signature(uvicorn.Config).parameters, OURS)
    where = f"services.{service['name']}.options"
    for name, known in _CHOICES.items():
        value = options.get(name)
        if isinstance(value, str) and value not in known:
            raise Refusal(
                f"{where}.{name}: {value!r} is none of {', '.join(sorted(known))}", code=CONFIG
            )
    return options


class Server(uvicorn.Server):
    """Calls ``ready``, and stops in two stages; a second SIGTERM ends the first of them."""

    def __init__(
        self, config: uvicorn.Config, agent: Agent, drain: float, ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        # Before 0.41 uvicorn knows no jitter.
        jitter = getattr(config, "limit_max_requests_jitter", 0)
        self._lifetime = Lifetime(config.limit_max_requests, jitter)
        config.limit_max_requests = None
        self.watchdog = 0.0  # seconds, where signs of life are waited for
        self._ready = ready
        self._agent = agent
        self._drain = drain
        self._hurry = False
        self._farewell: Farewell

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal while uvicorn's handlers are set."""
        self._hurry = self.should_exit
        super().handle_exit(sig, frame)

    def asked(self, _number: int, _frame: object) -> None:
        """A signal before uvicorn has set its handlers, or after."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, then say that it is ready."""
        loop = asyncio.get_running_loop()
        self._agent.loop = loop
        watchdog.on_loop(loop, self.watchdog)
        self._agent.requests = lambda: len(self.server_state.tasks)
        # Each connection takes it from there; it has been loaded by now.
        self._farewell = Farewell(self.config.loaded_app)
        self.config.loaded_app = self._farewell
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        self._lifetime.served(self.server_state.total_requests)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting; answer what comes with ``Connection: close``; wait; then end."""
        notify.notify("STOPPING=1")
        await listening.close(self.servers)
        for sock in sockets or []:
            sock.close()
        # In the list itself, too: requests that have begun hold it.
        headers = self.server_state.default_headers
        headers.insert(0, (b"connection", b"close"))
        self._farewell.say()  # whose clients come back elsewhere
        end = time.monotonic() + self._drain
        while self.server_state.connections and time.monotonic() < end and not self._hurry:
            await asyncio.sleep(_TICK)
        if not LIMITED:
            asyncio.get_running_loop().call_later(LAST, setattr, self, "force_exit", True)
        await super().shutdown(sockets)
