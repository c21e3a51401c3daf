"""What every server has to keep, in its oldest and in its newest version.

Each function takes a started release whose service `web` answers its process's
pid, on `/slow` after half a second.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from relforge.runtime.client.addresses import AgentAddress
from relforge.runtime.client.connection import AgentClient
from tests.runtime.conftest import MiniRelease
from tests.runtime.service.load import Load
from tests.runtime.supervise.waiting import eventually, log, service, status

ASGI = """
import asyncio, os
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await asyncio.sleep(0.2)
        print("startup")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("shutdown")
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while scope["path"] == "/chatter":
            await send({"type": "websocket.send", "text": "tick"})
            await asyncio.sleep(0.01)
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": "heard"})
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    body = str(os.getpid()).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""
WSGI = """
import os, time
print("startup")
def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.5)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

# By name: the server, an application, and the server's options.
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "uvicorn": ("uvicorn", ASGI, {}),
    "gunicorn-sync": ("gunicorn", WSGI, {}),
    "gunicorn-gthread": ("gunicorn", WSGI, {"worker_class": "gthread", "threads": 4}),
    "gunicorn-uvicorn": ("gunicorn", ASGI, {"worker_class": "uvicorn"}),
    "hypercorn": ("hypercorn", ASGI, {}),
    "hypercorn-wsgi": ("hypercorn", WSGI, {}),
}


def web(server: str, **settings: object) -> dict[str, Any]:
    usual = {"kind": "app", "target": "shop.web:app", "server": server, "drain": 8.0}
    return {**usual, "listen": ["127.0.0.1:0"], **settings}


def port(release: MiniRelease) -> int:
    return int(service(release, "web")["listen"][0].rpartition(":")[2])


def answer(where: int, path: str = "/") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", where, timeout=10)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def starts_when_its_application_is_there(release: MiniRelease) -> None:
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    text = log(release)
    assert text.index("| startup") < text.index("is running")
    assert answer(port(release)).isdecimal()


def is_drained_without_a_lost_request(release: MiniRelease) -> None:
    load = [Load(port(release), "/slow" if number < 3 else "/") for number in range(8)]
    for one in load:
        one.start()
    time.sleep(0.7)
    stopped = release.run("stop")
    for one in load:
        one.stopped.set()
        one.join(10)
    assert (0, "") == (stopped.returncode, stopped.stderr), log(release)
    assert [] == [error for one in load for error in one.lost]
    assert all(one.answered for one in load)
    assert "exited" not in log(release)
    assert "Traceback" not in log(release)
    assert "stopped" == status(release)["state"]


def answers_the_last_request_of_a_kept_connection(release: MiniRelease) -> None:
    """Connected and idle when the stop begins: the next request is answered, with the end."""
    connection = http.client.HTTPConnection("127.0.0.1", port(release), timeout=10)
    connection.request("GET", "/")
    first = connection.getresponse()
    first.read()
    assert "close" != first.getheader("Connection")
    os.kill(status(release)["pid"], signal.SIGTERM)
    eventually(lambda: "stopping" in log(release))
    said = None
    for _ in range(5):  # the word may be on its way to the server when a request begins
        if said != "close":
            connection.request("GET", "/slow")
            last = connection.getresponse()
            assert last.read().isdigit()
            said = last.getheader("Connection")
    assert "close" == said
    eventually(lambda: status(release)["state"] == "stopped")


def hurries(release: MiniRelease) -> None:
    with socket.create_connection(("127.0.0.1", port(release))) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")  # and never its end
        time.sleep(0.2)
        began = time.monotonic()
        stopped = release.run("stop", "--timeout", "3s")
    assert 0 == stopped.returncode, stopped.stderr
    assert time.monotonic() - began < 7


def has_an_agent_in_the_worker(release: MiniRelease) -> None:
    pid = answer(port(release))
    for name in ("web", "web.1"):
        asked = release.run("rpc", "--service", name, "__import__('os').getpid()")
        assert f"{pid}\n" == asked.stdout, asked.stderr
    asked = release.run("rpc", "app.__name__")
    assert "'app'\n" == asked.stdout, asked.stderr


def reports_its_requests(release: MiniRelease) -> None:
    """As `top` shows them: those that are being answered."""
    sockets = sorted((release.state / "run").glob("web.1*.sock"), key=lambda path: len(path.name))
    agent = AgentClient(AgentAddress("web", 1, str(sockets[-1]), []), "test", 10)
    slow = Load(port(release), "/slow")
    slow.start()
    eventually(lambda: agent.request("stats")["requests"] == 1)
    slow.stopped.set()
    slow.join(10)
    eventually(lambda: agent.request("stats")["requests"] == 0)
    agent.close()


def heals(release: MiniRelease) -> None:
    where = port(release)
    pid = int(answer(where))
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: is_another(where, pid), 20)


def is_another(where: int, pid: int) -> bool:
    """Who answers; a connection that the dying one has accepted has no answer."""
    try:
        return int(answer(where)) != pid
    except (OSError, http.client.HTTPException):
        return False


def closes_its_websockets(release: MiniRelease) -> None:
    """Closed with 1001, going away, at the beginning of the drain; one sends without a pause."""
    where = f"ws://127.0.0.1:{port(release)}"
    with connect(f"{where}/") as client, connect(f"{where}/chatter") as other:
        client.send("hello")
        assert "heard" == client.recv(timeout=10)
        assert "tick" == other.recv(timeout=10)
        os.kill(status(release)["pid"], signal.SIGTERM)
        for one in (client, other):
            with pytest.raises(ConnectionClosed) as caught:
                while True:
                    one.recv(timeout=10)
            assert caught.value.rcvd is not None
            assert 1001 == caught.value.rcvd.code
    eventually(lambda: status(release)["state"] == "stopped")
    assert "Traceback" not in log(release)
