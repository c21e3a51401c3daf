"""Exchange rates from a real HTTP server that does what each test tells it."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ticketd.rates import Rates

GOOD = json.dumps({"base": "EUR", "rates": {"USD": 1.1, "GBP": 0.85}})


class Bureau(ThreadingHTTPServer):
    """Answers with `status` and `body`, after `delay` seconds."""

    status, body, delay, asked = 200, GOOD, 0.0, 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}/latest"


class Answer(BaseHTTPRequestHandler):
    server: Bureau

    def do_GET(self) -> None:
        self.server.asked += 1
        time.sleep(self.server.delay)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def bureau() -> Iterator[Bureau]:
    with Bureau() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def test_an_answer_is_kept_for_its_time(bureau: Bureau) -> None:
    clock = iter([0.0, 0.0, 50.0, 101.0, 101.0])
    rates = Rates(bureau.url, ttl=100, clock=lambda: next(clock))
    for asked in (1, 1, 2):
        assert rates.convert(2000, ["USD", "GBP", "XXX"]) == {"USD": 2200, "GBP": 1700}
        assert bureau.asked == asked


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, GOOD), (200, "<html>"), (200, "[]"), (200, '{"rates": {"USD": "?"}}')],
)
def test_old_rates_serve_while_the_bureau_fails(bureau: Bureau, status: int, body: str) -> None:
    rates = Rates(bureau.url, ttl=0, pause=60)
    assert rates.convert(1000, ["USD"]) == {"USD": 1100}
    bureau.status, bureau.body = status, body
    assert rates.convert(1000, ["USD"]) == {"USD": 1100}
    assert rates.convert(1000, ["USD"]) == {"USD": 1100}
    assert bureau.asked == 2  # after a failure there is a pause


def test_nothing_is_converted_without_rates() -> None:
    assert Rates(None).convert(1000, ["USD"]) == {}
    assert Rates("http://127.0.0.1:1/").convert(1000, ["USD"]) == {}


def test_a_slow_bureau_holds_up_one_request_and_not_for_long(bureau: Bureau) -> None:
    bureau.delay = 1.0
    rates = Rates(bureau.url, timeout=0.3)
    asking = threading.Thread(target=rates.convert, args=(1000, ["USD"]))
    asking.start()
    time.sleep(0.1)
    started = time.monotonic()
    assert rates.convert(1000, ["USD"]) == {}
    assert time.monotonic() - started < 0.1
    asking.join(0.8)
    assert not asking.is_alive()
