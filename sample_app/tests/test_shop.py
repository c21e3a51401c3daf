"""Both services as processes, told what to do by variables, requests and signals alone."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
ORDER = {"event": "night-trains", "email": "ada@example.com"}


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
        assert "closed for a moment" in client.get("/", headers={"Accept": "text/html"}).text
        with python(*OPS, **variables) as ops:
            assert ops.wait(60) == 0
        assert client.get("/readyz").status_code == 200
        yield client
        for service in (worker, web):
            service.terminate()
        assert worker.wait(20) == 0
        assert web.wait(20) in (0, -signal.SIGTERM)


def test_a_visitor_buys_tickets_and_gets_a_mail(shop: httpx.Client, state: Path) -> None:
    assert "Rush &amp; Co" in shop.get("/").text and "20:00 CE" in shop.get("/").text
    order = shop.post("/orders", data=ORDER | {"quantity": "3"})
    assert "73.50 EUR" in shop.get(order.headers["location"]).text
    paid = shop.post(order.headers["location"] + "/pay")
    assert "confirmed" in shop.get(paid.headers["location"]).text
    path = state / "mails" / f"{paid.headers['location'].removeprefix('/orders/')}.eml"
    wait_for(path.exists)
    assert "Subject: Rush & Co: your tickets for Night Trains, live" in path.read_text()


def test_mails_go_by_smtp(shop: httpx.Client, state: Path, tmp_path: Path) -> None:
    token = shop.post("/api/orders", json=ORDER).json()["token"]
    send = ("-c", f"from ticketd.mails import send_confirmation as send; send('{token}')")
    smtp = Controller(Mailbox(tmp_path / "mails"), hostname="127.0.0.1", port=free_port())
    smtp.start()
    by = {"TICKETD_MAIL__TRANSPORT": "smtp", "TICKETD_MAIL__SMTP__PORT": str(smtp.port)}
    with python(*send, RELEASE_STATE_DIR=str(state), **by) as sending:
        assert sending.wait(30) == 0
    smtp.stop()
    (mail,) = (tmp_path / "mails/new").iterdir()
    assert f"/orders/{token}" in mail.read_text()


def test_the_worker_puts_unpaid_tickets_back_on_sale(shop: httpx.Client, state: Path) -> None:
    order = ORDER | {"event": "tidal-quartet", "quantity": 10}
    token = shop.post("/api/orders", json=order).json()["token"]
    assert shop.get("/api/events/tidal-quartet").json()["available"] == 50
    with db.transaction(db.connect(f"sqlite:///{state}/ticketd.db")) as session:
        session.execute(update(Order).where(Order.token == token).values(expires_at=db.now()))
    wait_for(lambda: shop.get("/api/events/tidal-quartet").json()["available"] == 60)
    assert "back on sale" in shop.post(f"/orders/{token}/pay").json()["detail"]


def test_nonsense_is_refused(shop: httpx.Client) -> None:
    for wrong, status in (({"email": "ada"}, 422), ({"quantity": 0}, 422), ({"event": "x"}, 404)):
        assert shop.post("/api/orders", json=ORDER | wrong).status_code == status
    assert shop.get("/orders/x").json() == {"detail": "There is no such order."}


def test_fingerprinted_assets_are_kept_for_ever(shop: httpx.Client) -> None:
    assert '"/static/app-0a1b.css"' in shop.get("/").text
    assert '"/static/app.js"' in shop.get("/").text  # which the manifest lacks
    assert "immutable" in shop.get("/static/app-0a1b.css").headers["cache-control"]
    assert shop.get("/static/app.css").headers["cache-control"] == "no-cache"
    assert shop.get("/static/app.js").status_code == 404


def test_the_worker_says_each_thing_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    variables = {"RELEASE_STATE_DIR": str(tmp_path), "TICKETD_WORKER__POLL": "10ms"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{tmp_path}")
        listener.settimeout(30)
        with python(*WORKER, NOTIFY_SOCKET=f"@{tmp_path}", **variables) as worker:
            assert listener.recv(100) == b"READY=1"
            wait_for(lambda: "work: the database does not serve" in capfd.readouterr().err)
            time.sleep(0.5)  # for many a look at a database without tables
            worker.terminate()
            assert listener.recv(100) == b"STOPPING=1"
            assert worker.wait(10) == 0
    assert "work: the database" not in capfd.readouterr().err
