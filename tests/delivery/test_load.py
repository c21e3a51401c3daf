"""`stop` under load: each client is answered, and what was sold is in the database."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.delivery import customer
from tests.delivery.deployment import Deployment, eventually

pytestmark = pytest.mark.release

EVENT = "night-trains"
SLOW = """
import os, time
from starlette.responses import PlainTextResponse
from ticketd.web import app
def slow(request):
    while not os.path.exists({path!r}):
        time.sleep(0.02)
    return PlainTextResponse("done")
app.router.add_route("/slow", slow)
"""


class Visitor(threading.Thread):
    """One client that keeps its connection; it leaves when nobody listens any more."""

    def __init__(self, port: int, *, buys: bool = False, pause: float = 0.01) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._buys = buys
        self._pause = pause
        self.answers: list[int] = []
        self.lost: list[str] = []
        self.ended = False

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if connection.sock is None:
                try:
                    connection.connect()
                except OSError:
                    self.ended = True
                    return
            try:
                self._visit(connection)
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                connection.close()
            time.sleep(self._pause)

    def _visit(self, connection: http.client.HTTPConnection) -> None:
        if self._buys:
            order = json.dumps({"event": EVENT, "email": "ada@example.org", "quantity": 1})
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/orders", order, headers)
        else:
            connection.request("GET", "/events/" + EVENT)
        answer = connection.getresponse()
        answer.read()
        self.answers.append(answer.status)


def test_a_stop_loses_no_request_and_no_order(shop: Deployment) -> None:
    with shop.running() as address:
        port = int(address.rpartition(":")[2])
        visitors = [Visitor(port) for _ in range(6)]
        visitors += [Visitor(port, pause=0.6) for _ in range(4)]  # idle most of the time
        visitors += [Visitor(port, buys=True, pause=0.05) for _ in range(3)]
        for visitor in visitors:
            visitor.start()
        time.sleep(1.5)
        began = time.monotonic()
        stopped = shop.run("stop")
        seconds = time.monotonic() - began
        for visitor in visitors:
            visitor.join(30)
    assert (0, "") == (stopped.returncode, stopped.stderr)
    assert seconds < 15
    assert all(visitor.ended and visitor.answers for visitor in visitors)
    assert [] == [text for visitor in visitors for text in visitor.lost]
    statuses = [status for visitor in visitors for status in visitor.answers]
    assert set(statuses) <= {200, 201, 409}
    sold = statuses.count(201)
    assert sold
    with closing(sqlite3.connect(shop.state / "ticketd.db")) as database:
        (orders,) = database.execute("select count(*) from orders").fetchone()
    assert sold == orders


def test_a_slow_request_is_finished_and_an_idle_connection_does_not_hold_it_up(
    shop: Deployment, state: Path
) -> None:
    go_on = state / "go on"
    with shop.running() as address:
        port = int(address.rpartition(":")[2])
        shop.ok("rpc", SLOW.format(path=str(go_on)))
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in idle.recv(4096)
            request = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            request.request("GET", "/slow")
            stop = shop.popen("stop")
            eventually(lambda: shop.status()["state"] == "stopping")
            while idle.recv(4096):  # its end: the server has begun to stop
                pass
            go_on.touch()
            answer = request.getresponse()
            assert (200, b"done") == (answer.status, answer.read())
            assert "close" == answer.getheader("connection")
            stop.communicate(timeout=30)
        assert 0 == stop.returncode


def test_a_web_process_that_is_killed_refuses_nobody(shop: Deployment) -> None:
    with shop.running() as address:
        port = int(address.rpartition(":")[2])
        os.kill(shop.service("web")["pid"], signal.SIGKILL)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("GET", "/livez")  # waits in the supervisor's socket
            assert 200 == connection.getresponse().status
        assert 1 == shop.service("web")["restarts"]
        customer.page(address)
