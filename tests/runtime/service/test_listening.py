"""O19: who is connected when a listener closes is served, accepted already or still queued."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import pytest
import uvloop

from relforge.runtime.agent.server import Agent
from relforge.runtime.service.servers import hypercorn, listening
from relforge.runtime.service.servers.lifetime import Lifetime
from tests.runtime.conftest import MiniRelease
from tests.runtime.service.contract import KINDS, port, web
from tests.runtime.supervise.waiting import service

MANY = 60

Make = Callable[..., MiniRelease]
Close = Callable[[asyncio.Server], Awaitable[None]]


async def burst(turns: int, close: Close) -> int:
    """Connections at once, a close after ``turns`` of the loop: how many of them are answered?"""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=MANY)
    where = server.sockets[0].getsockname()
    clients = [socket.create_connection(where, 5) for _ in range(MANY)]
    for client in clients:
        client.sendall(b"hello\n")
        client.setblocking(False)
    for _ in range(turns):
        await asyncio.sleep(0)
    await close(server)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, 5).close()
    asked = asyncio.gather(*[loop.sock_recv(one, 9) for one in clients], return_exceptions=True)
    said = await asyncio.wait_for(asked, 10)
    for client in clients:
        client.close()
    return said.count(b"hello\n")


@pytest.mark.network
@pytest.mark.parametrize("loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_burst_at_the_moment_of_the_close(
    loop: Callable[[], asyncio.AbstractEventLoop], turns: int
) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        assert MANY == runner.run(burst(turns, lambda server: listening.close([server])))


@pytest.mark.network
@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_hypercorns_drain_begins_with_it(kind: str) -> None:
    service = {"drain": 5.0, "watchdog": 0.0, "listen": []}
    server = hypercorn.Server(
        hypercorn.Watched(None, Lifetime(None, 0)), service, Agent("", {}, {})
    )

    async def drain(_listener: asyncio.Server) -> None:
        server._asked = asyncio.Event()
        server._signal()
        await server._serving()

    with asyncio.Runner(loop_factory=hypercorn._loops(kind, server)) as runner:
        assert MANY == runner.run(burst(0, drain))


@pytest.mark.process
@pytest.mark.network
@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn", "hypercorn-uvloop", "gunicorn-uvicorn"])
def test_a_burst_that_comes_with_the_signal(mini_release: Make, kind: str) -> None:
    """Both wait for the process, as on a machine that is busy."""
    server, application, options = KINDS[kind.removesuffix("-uvloop")]
    if kind.endswith("-uvloop"):
        options = {**options, "worker_class": "uvloop"}
    release = mini_release(
        {"shop/web.py": application}, services={"web": web(server, options=options)}
    )
    assert 0 == (started := release.run("start")).returncode, started.stderr
    where, pid = ("127.0.0.1", port(release)), service(release, "web")["pid"]
    lost = []
    with ExitStack() as clients:
        os.kill(pid, signal.SIGSTOP)
        burst = [clients.enter_context(socket.create_connection(where, 20)) for _ in range(MANY)]
        for client in burst:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
        for client in burst:
            try:
                said = client.recv(4096)
            except OSError as error:
                said = repr(error).encode()
            if not said.startswith(b"HTTP/1.1 200"):
                lost.append(said)
    assert [] == lost
    assert 0 == release.run("stop").returncode
