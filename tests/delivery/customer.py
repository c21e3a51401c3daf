"""What customers do: look at pages and buy tickets, over HTTP alone."""

from __future__ import annotations

import email
import email.policy
import re
import time
from pathlib import Path

import httpx

EVENT = "night-trains"


def page(address: str) -> str:
    """The shop's first page, after having fetched everything that it names under /static/."""
    with httpx.Client(base_url=address, timeout=15) as http:
        answer = http.get("/")
        assert 200 == answer.status_code, answer.text
        assert "text/html" in answer.headers["content-type"]
        names = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text))
        kinds = {name.rpartition(".")[2] for name in names}
        assert {"css", "js"} <= kinds, answer.text
        for name in names:
            asset = http.get(name)
            assert 200 == asset.status_code
            assert re.search(r"-[0-9a-f]{8}\.\w+$", name), "a fingerprinted name"
            assert "immutable" in asset.headers["cache-control"]
    return answer.text


def buy(address: str, *, quantity: int = 1, event: str = EVENT) -> str:
    """Reserve and pay; the order's token."""
    order = {"event": event, "email": "ada@example.org", "quantity": quantity}
    with httpx.Client(base_url=address, timeout=15) as http:
        made = http.post("/api/orders", json=order)
        assert 201 == made.status_code, made.text
        token = str(made.json()["token"])
        paid = http.post(f"/api/orders/{token}/pay")
        assert (200, "confirmed") == (paid.status_code, paid.json()["status"])
    return token


def available(address: str, event: str = EVENT) -> int:
    answer = httpx.get(f"{address}/api/events/{event}", timeout=15)
    assert 200 == answer.status_code, answer.text
    return int(answer.json()["available"])


def confirmation(mails: Path, token: str, *, seconds: float = 15) -> str:
    """The text of the mail that the worker sends for the order."""
    deadline = time.monotonic() + seconds
    while True:
        for path in mails.glob("*.eml"):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            assert body is not None
            text = str(body.get_content())
            if token in text:
                assert "ada@example.org" == message["To"]
                return text
        assert time.monotonic() < deadline, "no mail has come"
        time.sleep(0.05)
