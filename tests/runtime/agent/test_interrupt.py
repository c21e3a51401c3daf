from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

import pytest

from relforge.runtime.client.connection import AgentClient
from tests.runtime.supervise.waiting import eventually

from .conftest import GEVENT, Live, finish, run

pytestmark = pytest.mark.process

BUSY_IN_LOOP = "async def busy():\n    while True: pass\nawait busy()"
TURNS = 3000 if os.environ.get("SOAK") else 60
SPIN = "e = time.monotonic() + 0.012\nwhile time.monotonic() < e: pass"
SWALLOWS_OTHERS = "while True:\n    try: time.sleep(0.001)\n    except ValueError: pass"


def interrupt(client: AgentClient, source: str, after: float = 0.1) -> int:
    request = client.post("eval", source=source)
    time.sleep(after)
    client.send({"op": "interrupt", "id": request})
    return request


@pytest.mark.parametrize("kind", ["asyncio", "threads"])
@pytest.mark.parametrize(
    "source", ["while True: pass", "await asyncio.sleep(60)", BUSY_IN_LOOP, SWALLOWS_OTHERS]
)
def test_interrupt_ends_the_evaluation_and_nothing_else(
    start: Callable[..., Live], kind: str, source: str
) -> None:
    live = start(kind)
    client = live.client()
    began = time.monotonic()
    assert finish(client, interrupt(client, source))["type"] == "Interrupted"
    assert time.monotonic() - began < 2
    assert run(client, "40 + 2")["repr"] == "42"
    live.assert_alive()


def test_interrupt_before_the_evaluation_has_begun(live: Live) -> None:
    client = live.client()
    request = client.post("eval", source="time.sleep(0.2)")
    queued = client.post("eval", source="while True: pass")
    client.send({"op": "interrupt", "id": queued})
    assert finish(client, request)["ok"]
    assert finish(client, queued)["type"] == "Interrupted"


def test_clean_up_runs_after_an_interrupt(live: Live) -> None:
    client = live.client()
    source = """
async def work():
    try:
        print("begun")
        {}
    finally:
        await asyncio.sleep(0.05)
        print("closed")
await work()
"""
    # `n` first: up to 3.12, CPython takes a busy loop at the start of a `try` for outside of it.
    for body in ("await asyncio.sleep(60)", "n = 0\n        while True: n += 1"):
        out: list[str] = []
        request = client.post("eval", source=source.format(body))
        assert client.receive()["data"].startswith("begun")
        client.send({"op": "interrupt", "id": request})
        assert finish(client, request, out)["type"] == "Interrupted"
        assert "".join(out).endswith("closed\n")


def test_second_interrupt_abandons_a_call_that_is_stuck_in_c(live: Live) -> None:
    client = live.client()
    run(client, "x = 2")
    request = interrupt(client, "time.sleep(3)")
    time.sleep(0.1)
    client.send({"op": "interrupt", "id": request})
    assert finish(client, request)["type"] == "Abandoned"
    assert run(client, "x")["repr"] == "2"
    live.assert_alive()
    time.sleep(3)
    assert run(client, "x")["repr"] == "2"
    live.assert_alive()


def test_second_interrupt_leaves_code_that_swallows_the_first(live: Live) -> None:
    client = live.client()
    run(client, "stop = False")
    source = "while not stop:\n    try: time.sleep(0.001)\n    except Exception: pass"
    request = interrupt(client, source)
    time.sleep(0.1)
    client.send({"op": "interrupt", "id": request})
    assert finish(client, request)["type"] == "Abandoned"
    run(client, "stop = True")
    live.assert_alive()


def test_interrupt_of_nothing_is_harmless(live: Live) -> None:
    client = live.client()
    assert client.request("interrupt")["level"] == "idle"
    run(client, "1")
    assert client.request("interrupt")["level"] == "idle"
    assert run(client, "1")["repr"] == "1"


def test_a_client_that_goes_away_interrupts_what_it_started(live: Live) -> None:
    client = live.client()
    source = "state.mine = 1\ntry:\n    n = 1\n    while True: n += 1\nfinally: state.mine = 0"
    client.post("eval", source=source)
    other = live.client()
    look = "getattr(state, 'mine', None)"
    eventually(lambda: run(other, look).get("repr") == "1")
    del client
    eventually(lambda: run(other, look).get("repr") == "0")
    live.assert_alive()


@pytest.mark.parametrize("kind", ["asyncio", "threads", "uvloop", "gevent"])
def test_interrupts_at_random_moments(start: Callable[..., Live], kind: str) -> None:
    live = start("threads", GEVENT) if kind == "gevent" else start(kind)
    eventually(lambda: live.ticks() > 0)  # it has imported, patched, and runs
    client = live.client()
    sources = [
        f"async def b():\n    {SPIN.replace(chr(10), chr(10) + '    ')}\nawait b()",
        SPIN,
        "async def d():\n    for _ in range(40): await asyncio.sleep(0.0003)\nawait d()",
        "for _ in range(300): print('x' * 50)",
    ]
    chance = random.Random(1)
    outcomes = set()
    for turn in range(TURNS):
        request = interrupt(client, sources[turn % 4], chance.uniform(0, 0.018))
        done = finish(client, request)
        outcomes.add("ok" if done["ok"] else done["type"])
        assert run(client, "40 + 2")["repr"] == "42"
    assert outcomes <= {"ok", "Interrupted"}
    assert "Interrupted" in outcomes
    live.assert_alive()
    lines = live.log.read_text().splitlines()
    assert [line for line in lines if "relforge.audit" not in line] == []
