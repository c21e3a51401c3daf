"""uvicorn under the supervisor: ready from inside, drained without a lost request."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable

import pytest

from relforge.runtime.service.interface import is_wsgi
from tests.runtime.conftest import MiniRelease
from tests.runtime.service.load import Load
from tests.runtime.supervise.waiting import eventually, log, service, status

Make = Callable[..., MiniRelease]

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
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    body = str(os.getpid()).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""
REFUSES = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
"""
WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"wsgi"]

def make():
    return app
"""


def web(**settings: object) -> dict[str, object]:
    usual = {"kind": "app", "target": "shop.web:app", "server": "uvicorn"}
    return {**usual, "listen": ["127.0.0.1:0"], **settings}


def port(release: MiniRelease) -> int:
    return int(service(release, "web")["listen"][0].rpartition(":")[2])


@pytest.mark.process
@pytest.mark.network
def test_served_restarted_and_drained_without_a_lost_request(mini_release: Make) -> None:
    release = mini_release(
        {"shop/web.py": ASGI},
        services={"web": web(instances=2, options={"access_log": False}, drain=8.0)},
    )
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    assert log(release).index("startup") < log(release).index("is running")
    where = port(release)
    with socket.create_connection(("127.0.0.1", where)) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in idle.recv(4096)

        load = [Load(where, "/slow" if number < 3 else "/") for number in range(8)]
        for one in load:
            one.start()
        time.sleep(0.7)
        began = time.monotonic()
        stopped = release.run("stop")
        seconds = time.monotonic() - began
    for one in load:
        one.stopped.set()
        one.join(10)

    assert (0, "") == (stopped.returncode, stopped.stderr)
    assert [] == [error for one in load for error in one.lost]
    assert all(one.answered for one in load)
    assert seconds < 8  # the idle client has gone by uvicorn's own time-out
    assert 2 == log(release).count("| shutdown")
    assert "exited" not in log(release)


@pytest.mark.process
@pytest.mark.network
def test_a_short_time_out_hurries_the_drain(mini_release: Make) -> None:
    release = mini_release({"shop/web.py": ASGI}, services={"web": web(drain=30.0)})
    assert release.run("start").returncode == 0
    with socket.create_connection(("127.0.0.1", port(release))) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in idle.recv(4096)
        stopped = release.run("stop", "--timeout", "2s")
    assert (0, "") == (stopped.returncode, stopped.stderr)
    assert "shutdown" in log(release)


@pytest.mark.process
@pytest.mark.network
def test_a_web_process_that_is_killed_leaves_the_socket_to_its_successor(
    mini_release: Make,
) -> None:
    release = mini_release({"shop/web.py": ASGI}, services={"web": web()})
    assert release.run("start").returncode == 0
    where = port(release)
    os.kill(service(release, "web")["pid"], signal.SIGKILL)
    # Nobody is refused: the request waits in the supervisor's socket.
    connection = http.client.HTTPConnection("127.0.0.1", where, timeout=10)
    connection.request("GET", "/")
    pid = int(connection.getresponse().read())
    connection.close()
    assert pid == service(release, "web")["pid"]
    assert release.run("rpc", "app.__name__").stdout.strip() == "'app'"
    assert release.run("rpc", "await __import__('asyncio').sleep(0, 'on the loop')").returncode == 0
    assert release.run("stop").returncode == 0


@pytest.mark.process
def test_wsgi_and_factories_and_unix_sockets(mini_release: Make) -> None:
    release = mini_release(
        {"shop/web.py": WSGI},
        services={
            "web": web(target="shop.web:make", options={"factory": True}, listen=["unix:web.sock"])
        },
    )
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(release.state / "run" / "web.sock"))
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while chunk := client.recv(4096):
            answer += chunk
    assert answer.endswith(b"wsgi")
    assert release.run("stop").returncode == 0


@pytest.mark.process
@pytest.mark.parametrize(
    ("files", "settings", "said"),
    [
        (ASGI, {"options": {"acess_log": False}}, "services.web.options.acess_log"),
        (ASGI, {"options": {"workers": 4}}, "the supervisor sets this"),
        (ASGI, {"target": "shop.web:application"}, "has no attribute 'application'"),
        (REFUSES, {}, "no database"),
    ],
)
def test_what_is_wrong_is_reported_by_start(
    mini_release: Make, files: str, settings: dict[str, object], said: str
) -> None:
    release = mini_release({"shop/web.py": files}, services={"web": web(**settings)})
    started = release.run("start")
    assert started.returncode == 1
    assert said in started.stderr
    assert "stopped" == status(release)["state"]


@pytest.mark.process
def test_a_signal_before_the_server_runs_ends_it(mini_release: Make) -> None:
    slow = ASGI.replace("await asyncio.sleep(0.2)", "await asyncio.sleep(3)")
    release = mini_release({"shop/web.py": slow}, services={"web": web()})
    start = subprocess.Popen(
        [release.root / "bin" / "shop", "start"], stderr=subprocess.PIPE, text=True
    )
    eventually(lambda: status(release)["services"])
    assert release.run("stop").returncode == 0
    assert "stopped before it was ready" in start.communicate(timeout=20)[1]
    assert 1 == start.returncode


def test_wsgi_and_asgi_are_distinguished() -> None:
    class Wsgi:
        def __call__(self, environ: object, start_response: object, extra: int = 0) -> None: ...

    class Asgi:
        async def __call__(self, scope: object, receive: object, send: object) -> None: ...

    class Double:
        def __call__(self, scope: object) -> None: ...

    async def odd(one: object, two: object) -> None: ...

    assert is_wsgi(Wsgi())
    assert is_wsgi(lambda environ, start_response: [])
    assert not any(is_wsgi(app) for app in (Asgi(), Double(), odd, Wsgi, 3))
