"""The web service in this process, on SQLite."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from ticketd import db, ops, orders, settings, worker
from ticketd.assets import Assets
from ticketd.web import app

OnSale = Callable[..., str]


@contextmanager
def served(application: FastAPI) -> Iterator[httpx.Client]:
    """A client of the application, behind uvicorn in a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        port = listener.getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    with served(app) as client:
        yield client


@pytest.fixture(scope="module")
def shop(web: httpx.Client) -> httpx.Client:
    """The service with its database."""
    ops.migrate()
    return web


def test_without_a_database_it_is_alive_and_not_ready(web: httpx.Client) -> None:
    assert web.get("/livez").status_code == 200
    ready = web.get("/readyz")
    assert (ready.status_code, ready.json()["detail"]) == (503, "no such table: events")
    assert web.get("/").status_code == 503


def test_version_is_that_of_the_package(shop: httpx.Client) -> None:
    assert shop.get("/readyz").status_code == 200
    assert shop.get("/version").json() == {"name": "ticketd", "version": settings.version()}


def test_times_are_by_the_venues_clock(shop: httpx.Client, on_sale: OnSale) -> None:
    slug = on_sale(db.engine(), seats=5)
    event = shop.get(f"/api/events/{slug}").json()
    starts = datetime.fromisoformat(event["starts_at"])
    assert event["time_zone"] == "Pacific/Auckland"
    assert starts.utcoffset() in (timedelta(hours=12), timedelta(hours=13))
    page = shop.get(f"/events/{slug}").text
    assert f"{starts:%H:%M} NZ" in page
    assert "Night &amp; Day" in page


def test_a_customer_buys_a_ticket_and_gets_a_mail(shop: httpx.Client, on_sale: OnSale) -> None:
    slug = on_sale(db.engine(), seats=5, cents=1999)
    form = {"event": slug, "email": "ada@example.com", "quantity": "3"}
    page = shop.post("/orders", data=form)
    assert page.status_code == 200 and page.history[0].status_code == 303
    assert "59.97 EUR" in page.text and "reserved" in page.text
    token = page.url.path.rpartition("/")[2]
    assert "confirmed" in shop.post(f"/orders/{token}/pay").text
    assert shop.get(f"/api/events/{slug}").json()["available"] == 2
    while worker.work():
        pass
    mail = message_from_bytes((settings.mail_dir() / f"{token}.eml").read_bytes())
    assert (mail["To"], mail["Subject"]) == (
        "ada@example.com",
        "ticketd: your tickets for Night & Day",
    )
    assert f"/orders/{token}" in mail.get_payload()


def test_refusals_are_told_to_people_and_to_programs(shop: httpx.Client, on_sale: OnSale) -> None:
    order = {"event": on_sale(db.engine(), seats=1), "email": "ada@example.com", "quantity": 2}
    page = shop.post("/orders", data=order)
    assert page.status_code == 409 and "Only 1 tickets are left" in page.text
    assert shop.post("/api/orders", json=order).status_code == 409
    assert shop.post("/api/orders", json=order | {"email": "ada"}).status_code == 422
    assert shop.post("/api/orders", json=order | {"quantity": 0}).status_code == 422
    assert shop.post("/api/orders", json=order | {"event": "none"}).status_code == 404
    assert shop.get("/orders/nonsense").status_code == 404


def test_the_worker_gives_back_what_was_not_paid(shop: httpx.Client, on_sale: OnSale) -> None:
    slug = on_sale(db.engine(), seats=2)
    order = {"event": slug, "email": "ada@example.com", "quantity": 2}
    token = shop.post("/api/orders", json=order).json()["token"]
    assert worker.expire_reservations() == 0
    with db.transaction() as session:
        orders.find(session, token).expires_at = db.now()
    assert worker.expire_reservations() == 2
    page = shop.post(f"/orders/{token}/pay")
    assert page.status_code == 409 and "back on sale" in page.text
    assert shop.get(f"/api/events/{slug}").json()["available"] == 2


def test_assets_are_kept_for_ever_under_fingerprinted_names_only(tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text("a{}")
    (tmp_path / "app-0a1b2c3d.css").write_text("a{}")
    (tmp_path / "cache_manifest.json").write_text(json.dumps({"app.css": "app-0a1b2c3d.css"}))
    assets, bare = Assets(tmp_path), FastAPI()
    bare.mount("/static", assets)
    assert assets.url("app.css") == "/static/app-0a1b2c3d.css"
    assert assets.url("other.css") == "/static/other.css"
    with served(bare) as client:
        assert "immutable" in client.get(assets.url("app.css")).headers["cache-control"]
        assert client.get("/static/app.css").headers["cache-control"] == "no-cache"


def test_a_missing_assets_folder_fails_nothing() -> None:
    bare = FastAPI()
    bare.mount("/static", Assets(Path("/nonexistent")))
    with served(bare) as client:
        assert client.get("/static/app.css").status_code == 404
