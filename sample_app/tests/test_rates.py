"""Exchange rates from a real HTTP server, which does what each test tells it."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ticketd.rates import Rates


class Bureau(BaseHTTPRequestHandler):
    status, body, delay, asked = 200, "", 0.0, 0

    def do_GET(self) -> None:
        Bureau.asked += 1
        time.sleep(self.delay)
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body.encode())


@pytest.fixture
def rates() -> Iterator[Rates]:
    Bureau.status, Bureau.delay, Bureau.asked = 200, 0.0, 0
    Bureau.body = '{"rates": {"USD": 1.1, "GBP": 0.85}}'
    with HTTPServer(("127.0.0.1", 0), Bureau) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield Rates(f"http://127.0.0.1:{server.server_port}/", ttl=60, timeout=0.5)
        server.shutdown()


def test_an_answer_is_kept_for_its_time(rates: Rates) -> None:
    assert [rates.current(), rates.current()] == [{"USD": 1.1, "GBP": 0.85}] * 2
    assert Bureau.asked == 1


@pytest.mark.parametrize(
    "wrong", [("status", 500), ("body", "[]"), ("body", '{"rates": {"USD": NaN}}'), ("delay", 1)]
)
def test_old_rates_serve_while_the_bureau_fails(rates: Rates, wrong: tuple[str, object]) -> None:
    rates.ttl = 0
    known = rates.current()
    setattr(Bureau, *wrong)
    assert known and [rates.current(), rates.current()] == [known] * 2
    assert Bureau.asked == 2  # there is a pause after a failure
