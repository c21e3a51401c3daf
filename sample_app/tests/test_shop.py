"""Both services as processes, told what to do by variables, requests and signals alone."""

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
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from sqlalchemy import update
from ticketd import db
from ticketd.models import Order

WORKER = ("-c", "from ticketd.worker import main; main()")
OPS = ("-c", "from ticketd.ops import *; migrate('head'); migrate(); seed(); seed()")
HTML = {"Accept": "text/html"}


@contextmanager
def python(*words: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    command, cwd = [sys.executable, *words], Path(__file__).parents[1]
    with subprocess.Popen(command, env=os.environ | variables, cwd=cwd) as process:
        yield process
        process.kill()


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shop has its database, its mails, and here its assets too."""
    folder = tmp_path_factory.mktemp("state")
    (folder / "app.css").touch()
    (folder / "app-0a1b.css").touch()
    (folder / "cache_manifest.json").write_text('{"app.css": "app-0a1b.css"}')
    return folder


@pytest.fixture(scope="module")
def shop(state: Path) -> Iterator[httpx.Client]:
    """A client of the running services, which start before there is a database."""
    variables = {
        "RELEASE_STATE_DIR": str(state),
        "TICKETD_HTTP__STATIC_DIR": str(state),
        "TICKETD_SHOP__NAME": "Rush & Co",
        "TICKETD_WORKER__POLL": "100ms",
        "TICKETD_WORKER__EXPIRE_EVERY": "100ms",
    }
    port = free_port()
    serve = ("-m", "uvicorn", "ticketd.web:app", f"--port={port}", "--log-level=warning")
    retrying = httpx.HTTPTransport(retries=9)  # until the server is there
    with (
        python(*serve, **variables) as web,
        python(*WORKER, **variables) as worker,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=retrying) as client,
    ):
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert "no such table" in client.get("/", headers=HTML).text
        with python(*OPS, **variables) as ops:
            assert ops.wait() == 0
        assert client.get("/readyz").status_code == 200
        yield client
        for service in (worker, web):
            service.terminate()
        assert worker.wait(20) == 0
        assert web.wait(20) in (0, -signal.SIGTERM)


def test_a_visitor_buys_tickets_and_gets_a_mail(shop: httpx.Client, state: Path) -> None:
    assert "Rush &amp; Co" in shop.get("/").text and "20:00 CE" in shop.get("/").text
    form = {"event": "night-trains", "email": "ada@example.com", "quantity": "3"}
    order = shop.post("/orders", data=form)
    assert "73.50 EUR" in shop.get(order.headers["location"]).text
    paid = shop.post(order.headers["location"] + "/pay")
    assert "confirmed" in shop.get(paid.headers["location"]).text
    path = state / "mails" / f"{paid.headers['location'].removeprefix('/orders/')}.eml"
    wait_for(path.exists)
    mail = message_from_bytes(path.read_bytes())
    assert mail["To"] == "ada@example.com"
    assert mail["Subject"] == "Rush & Co: your tickets for Night Trains, live"


def test_mails_go_by_smtp(shop: httpx.Client, state: Path, tmp_path: Path) -> None:
    order = {"event": "night-trains", "email": "ada@example.com"}
    token = shop.post("/api/orders", json=order).json()["token"]
    send = ("-c", f"from ticketd.mails import send_confirmation as send; send('{token}')")
    smtp = Controller(Mailbox(tmp_path / "mails"), hostname="127.0.0.1", port=free_port())
    smtp.start()
    by = {"TICKETD_MAIL__TRANSPORT": "smtp", "TICKETD_MAIL__SMTP__PORT": str(smtp.port)}
    with python(*send, RELEASE_STATE_DIR=str(state), **by) as sending:
        assert sending.wait(30) == 0
    smtp.stop()
    (mail,) = (tmp_path / "mails/new").iterdir()
    assert f"/orders/{token}" in mail.read_text()


def test_a_rush_sells_every_seat_once(shop: httpx.Client) -> None:
    async def rush() -> Counter[int]:
        async with httpx.AsyncClient(base_url=shop.base_url, timeout=60) as client:
            order = {"event": "small-talk", "email": "ada@example.com"}
            requests = (client.post("/api/orders", json=order) for _ in range(60))
            return Counter(answer.status_code for answer in await asyncio.gather(*requests))

    assert asyncio.run(rush()) == {201: 40, 409: 20}
    assert shop.get("/api/events/small-talk").json()["available"] == 0


def test_the_worker_puts_unpaid_tickets_back_on_sale(shop: httpx.Client, state: Path) -> None:
    order = {"event": "tidal-quartet", "email": "ada@example.com", "quantity": 10}
    token = shop.post("/api/orders", json=order).json()["token"]
    assert shop.get("/api/events/tidal-quartet").json()["available"] == 50
    with db.transaction(db.connect(f"sqlite:///{state}/ticketd.db")) as session:
        session.execute(update(Order).where(Order.token == token).values(expires_at=db.now()))
    wait_for(lambda: shop.get("/api/events/tidal-quartet").json()["available"] == 60)
    assert "back on sale" in shop.post(f"/orders/{token}/pay", headers=HTML).text


def test_nonsense_is_refused(shop: httpx.Client) -> None:
    order = {"event": "night-trains", "email": "ada@example.com", "quantity": 1}
    for wrong, status in (({"email": "ada"}, 422), ({"quantity": 0}, 422), ({"event": "x"}, 404)):
        assert shop.post("/api/orders", json=order | wrong).status_code == status
    assert shop.get("/orders/x").json() == {"detail": "There is no such order."}


def test_fingerprinted_assets_are_kept_for_ever(shop: httpx.Client) -> None:
    assert '"/static/app-0a1b.css"' in shop.get("/").text
    assert '"/static/app.js"' in shop.get("/").text  # which the manifest lacks
    assert "immutable" in shop.get("/static/app-0a1b.css").headers["cache-control"]
    assert shop.get("/static/app.css").headers["cache-control"] == "no-cache"
    assert shop.get("/static/app.js").status_code == 404


@pytest.mark.parametrize("abstract", [False, True])
def test_the_worker_says_when_it_is_ready_and_when_it_stops(tmp_path: Path, abstract: bool) -> None:
    address = f"@{tmp_path}" if abstract else f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0"))
        listener.settimeout(30)
        with python(*WORKER, NOTIFY_SOCKET=address, RELEASE_STATE_DIR=str(tmp_path)) as worker:
            assert listener.recv(100) == b"READY=1"
            worker.terminate()
            assert listener.recv(100) == b"STOPPING=1"
            assert worker.wait(10) == 0
