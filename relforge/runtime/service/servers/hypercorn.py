"""hypercorn on sockets of ours: ready from inside, and a drain that loses no request.

Once hypercorn's own shutdown begins it closes idle kept-alive connections at
once; ours comes before it: no new connections, answers with `Connection: close`,
WebSockets closed with 1001, and a wait for those who are still there.
"""

from __future__ import annotations

import asyncio
import functools
import signal
import time
from collections.abc import Callable
from typing import Any

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from hypercorn.middleware import AsyncioWSGIMiddleware

from ...agent.server import Agent
from ...errors import CONFIG, DONE, Refusal
from .. import notify, watchdog
from ..interface import is_wsgi
from . import listening
from .farewell import Farewell, Message, Send
from .lifetime import Lifetime
from .listening import BACKLOG, LAST, checked

# Whose business these are: the supervisor's.
OURS = {
    "application_path",
    "bind",
    "daemon",
    "group",
    "insecure_bind",
    "pid_path",
    "quic_bind",
    "umask",
    "use_reloader",
    "user",
    "workers",
}
_TICK = 0.02


def serve(load: Callable[[], Any], service: dict[str, Any], agent: Agent) -> int:
    """Serve until SIGTERM; 0 after a drain."""
    options = judge(service)
    kind = options.pop("worker_class", "asyncio")
    app = load()
    config = Config.from_mapping({"backlog": BACKLOG, "graceful_timeout": LAST, **options})
    config.bind = [f"fd://{fd}" for fd in service["listen"]]
    application = AsyncioWSGIMiddleware(app, config.wsgi_max_body_size) if is_wsgi(app) else app
    # Before 0.15 hypercorn knows neither.
    limit, jitter = (
        getattr(config, name, None) for name in ("max_requests", "max_requests_jitter")
    )
    config.max_requests = None
    watched = Watched(application, Lifetime(limit, jitter or 0))
    server = Server(watched, service, agent)
    with asyncio.Runner(loop_factory=_loops(kind, server)) as runner:
        runner.run(server.run(config))
    return DONE


def judge(service: dict[str, Any]) -> dict[str, Any]:
    """The options of the service; raises Refusal for what hypercorn would not take.

    The build asks for it, too.
    """
    names = {name for name in vars(Config) if name[0] != "_" and name not in vars(object)}
    options = checked(service, "hypercorn", names, OURS)
    where = f"services.{service['name']}.options"
    kind = options.get("worker_class", "asyncio")
    if kind not in ("asyncio", "uvloop"):
        raise Refusal(f'{where}.worker_class: {kind!r} is none of "asyncio", "uvloop"', code=CONFIG)
    for name, value in options.items():
        if name != "worker_class":
            try:
                Config.from_mapping({name: value})
            except (AttributeError, TypeError, ValueError) as error:
                raise Refusal(f"{where}.{name}: {error}", code=CONFIG) from None
    return options


class Watched:
    """The application, and what is said to its clients once we are leaving."""

    def __init__(self, app: Any, lifetime: Lifetime) -> None:
        self._app = app
        self._lifetime = lifetime
        self._served = 0
        self._farewell = Farewell(app)
        self._leaving = False
        self.busy = 0  # requests that are being answered

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        counted = scope["type"] != "lifespan"
        self.busy += counted
        self._served += counted
        self._lifetime.served(self._served)
        try:
            await self._serve(scope, receive, send)
        finally:
            self.busy -= counted

    async def _serve(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._farewell(scope, receive, send)
        elif scope["type"] == "http" and scope["http_version"] in ("1.0", "1.1"):
            await self._app(scope, receive, functools.partial(self._answer, send))
        else:
            await self._app(scope, receive, send)

    def leave(self) -> None:
        """From now on every answer ends its connection."""
        self._leaving = True
        self._farewell.say()

    async def _answer(self, send: Send, message: Message) -> None:
        if self._leaving and message["type"] == "http.response.start":
            rows = [row for row in message.get("headers", ()) if row[0].lower() != b"connection"]
            message = {**message, "headers": [*rows, (b"connection", b"close")]}
        await send(message)


class Server:
    """Knows the listening servers and the connections of the loop, and stops in two stages."""

    def __init__(self, app: Watched, service: dict[str, Any], agent: Agent) -> None:
        self._app = app
        self._agent = agent
        self._drain = float(service["drain"])
        self._watchdog = float(service["watchdog"])
        self._asked: asyncio.Event
        self._hurry = False
        self.listening: list[asyncio.AbstractServer] = []
        self.open: set[asyncio.Protocol] = set()

    async def run(self, config: Config) -> None:
        self._asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._agent.loop = loop
        self._agent.requests = lambda: self._app.busy
        watchdog.on_loop(loop, self._watchdog)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signal)
        await hypercorn_serve(
            self._app,  # type: ignore[arg-type]  # hypercorn types the scopes one by one
            config,
            shutdown_trigger=self._serving,
            mode="asgi",
        )

    def _signal(self) -> None:
        self._hurry = self._asked.is_set()
        self._asked.set()

    async def _serving(self) -> None:
        """hypercorn's trigger, awaited from when it listens; its own shutdown begins at our end."""
        if not self._asked.is_set():
            notify.ready()
        await self._asked.wait()
        notify.notify("STOPPING=1")
        await listening.close(self.listening)
        self._app.leave()
        end = time.monotonic() + self._drain
        while (self.open or self._app.busy) and time.monotonic() < end and not self._hurry:
            await asyncio.sleep(_TICK)


def _loops(kind: str, server: Server) -> Callable[[], asyncio.AbstractEventLoop]:
    """A factory of loops that show the server what listens and who is connected."""
    base: type[asyncio.AbstractEventLoop]
    if kind == "uvloop":
        import uvloop

        base = uvloop.Loop
    else:
        base = asyncio.SelectorEventLoop

    class Loop(base):  # type: ignore[misc, valid-type]  # one of two, known only now
        async def create_server(self, factory: Any, *args: Any, **options: Any) -> Any:
            made = await super().create_server(
                functools.partial(_connected, factory, server), *args, **options
            )
            server.listening.append(made)
            return made

    return Loop


def _connected(factory: Callable[[], asyncio.Protocol], server: Server) -> asyncio.Protocol:
    """Count the connection until one side has ended it; hypercorn keeps the half of it longer."""
    protocol = factory()
    server.open.add(protocol)
    lost, ended = protocol.connection_lost, protocol.eof_received

    def connection_lost(error: Exception | None) -> None:
        server.open.discard(protocol)
        lost(error)

    def eof_received() -> bool | None:
        server.open.discard(protocol)
        return ended()

    # Of this one alone.
    vars(protocol).update(connection_lost=connection_lost, eof_received=eof_received)
    return protocol
