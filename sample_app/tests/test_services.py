"""Both services as processes of their own, told what to do by variables and signals alone."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller

WORKER = (sys.executable, "-c", "from ticketd.worker import main; main()")
OPS = (sys.executable, "-c", "from ticketd import ops; ops.migrate(); ops.seed()")


@contextmanager
def process(*words: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(words, env=os.environ | variables) as running:
        try:
            yield running
        finally:
            running.kill()


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Mailbox:
    def __init__(self) -> None:
        self.texts: list[str] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        self.texts.append(envelope.content.decode())  # type: ignore[attr-defined]
        return "250 OK"


def test_a_rush_for_tickets_on_real_sockets(tmp_path: Path) -> None:
    mailbox = Mailbox()
    smtp = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    smtp.start()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    variables = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/shop.db",
        "TICKETD_SHOP__NAME": "Rush",
        "TICKETD_MAIL__TRANSPORT": "smtp",
        "TICKETD_MAIL__HOST": "127.0.0.1",
        "TICKETD_MAIL__PORT": str(smtp.port),
        "TICKETD_WORKER__POLL": "100ms",
    }
    uvicorn = (sys.executable, "-m", "uvicorn", "ticketd.web:app", "--port", str(port))
    try:
        subprocess.run(OPS, env=os.environ | variables, check=True)
        with process(*uvicorn, **variables) as web, process(*WORKER, **variables) as worker:
            wait_for(lambda: is_ready(base))
            assert "Rush" in httpx.get(base).text
            statuses = asyncio.run(rush(base, "small-talk", 60))
            assert statuses == {201: 40, 409: 20}  # it has 40 seats
            assert httpx.get(f"{base}/api/events/small-talk").json()["available"] == 0
            wait_for(lambda: len(mailbox.texts) == 40)
            for service, code in ((worker, {0}), (web, {0, 128 + signal.SIGTERM, -signal.SIGTERM})):
                service.terminate()
                assert service.wait(20) in code
    finally:
        smtp.stop()
    assert all("Subject: Rush: your tickets" in text for text in mailbox.texts)


async def rush(base: str, slug: str, buyers: int) -> Counter[int]:
    """Everyone wants one ticket, at once; who gets it pays."""
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:

        async def buy(number: int) -> int:
            order = {"event": slug, "email": f"buyer{number}@example.com"}
            answer = await client.post("/api/orders", json=order)
            if answer.status_code == 201:
                paid = await client.post(f"/api/orders/{answer.json()['token']}/pay")
                assert paid.json()["status"] == "confirmed"
            return answer.status_code

        return Counter(await asyncio.gather(*(buy(number) for number in range(buyers))))


def is_ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("abstract", [False, True])
def test_the_worker_says_that_it_is_ready_and_that_it_stops(tmp_path: Path, abstract: bool) -> None:
    address = f"@{tmp_path}" if abstract else f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0"))
        listener.settimeout(30)
        state = {"RELEASE_STATE_DIR": str(tmp_path)}  # where there is no database yet
        with process(*WORKER, NOTIFY_SOCKET=address, **state) as worker:
            assert listener.recv(100) == b"READY=1"
            time.sleep(0.5)
            assert worker.poll() is None
            worker.terminate()
            assert listener.recv(100) == b"STOPPING=1"
            assert worker.wait(10) == 0
