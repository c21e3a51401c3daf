"""The agent beside whatever else runs in the process: uvloop, gevent, a loop of one's own."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.runtime.supervise.waiting import eventually

from .conftest import GEVENT, Live, finish, run

pytestmark = pytest.mark.process

OWN_LOOP = """
async def beat():
    while True:
        state.ticks += 1
        await asyncio.sleep(0.01)
asyncio.run(beat())
"""


@pytest.fixture(params=["uvloop", "gevent", "own"])
def other(request: pytest.FixtureRequest, start: Callable[..., Live]) -> Live:
    extra = {"gevent": GEVENT, "own": OWN_LOOP, "uvloop": ""}[request.param]
    live = start("uvloop" if request.param == "uvloop" else "threads", extra)
    eventually(lambda: live.ticks() > 0)  # it has imported, patched, and runs
    return live


def test_evaluations_awaits_and_stacks(other: Live) -> None:
    client = other.client()
    out: list[str] = []
    assert "42" == run(client, "print('said'); 6 * 7", out)["repr"]
    assert "said\n" == "".join(out)
    assert "'slept'" == run(client, "await asyncio.sleep(0.01, 'slept')")["repr"]
    assert "thread MainThread (main" in client.request("stacks")["text"]
    assert ["state.ticks"] == client.request("complete", text="state.ti")["items"]
    other.assert_alive()


def test_interrupts(other: Live) -> None:
    client = other.client()
    for source in ("n = 0\nwhile True: n += 1", "await asyncio.sleep(60)"):
        request = client.post("eval", source=f"print('begun')\n{source}")
        assert client.receive()["data"].startswith("begun")
        client.send({"op": "interrupt", "id": request})
        assert "Interrupted" == finish(client, request)["type"]
        assert "42" == run(client, "6 * 7")["repr"]
    other.assert_alive()


def test_an_application_loop_is_found_where_no_adapter_names_it(
    start: Callable[..., Live],
) -> None:
    live = start("threads", OWN_LOOP)
    deadline = time.monotonic() + 10
    while live.client().welcome["loop"] != "asyncio":
        assert time.monotonic() < deadline
    found = run(live.client(), "(await asyncio.sleep(0)) or threading.current_thread().name")
    assert "'MainThread'" == found["repr"]
    assert live.client().request("stats", within=2)["lag"] < 2


def test_a_blocked_hub_or_loop_can_be_looked_into(other: Live) -> None:
    client = other.client()
    client.post("eval", source="time.sleep(0.1)")
    stats = other.client().request("stats", within=1)
    assert stats["rss"] > 1 << 20
    assert stats["threads"] >= 1
