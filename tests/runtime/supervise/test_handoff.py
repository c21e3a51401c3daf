"""State that goes from a process to the one that takes its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.asking import Asking
from tests.runtime.supervise.test_upgrade import SERVER, started, version
from tests.runtime.supervise.waiting import eventually, log, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

# Counts its requests; $SCHEMA is what it exports, $ACCEPTS what it takes.
WEB = """
import os
from relforge.runtime import handoff
seen = 0
payload = os.environ.get("PAYLOAD", "json")
@handoff.export(schema=int(os.environ["SCHEMA"]))
async def give():
    if payload == "fails":
        raise LookupError("it is lost")
    return str(seen).encode() if payload == "bytes" else {"seen": seen}
@handoff.import_(accepts=[int(word) for word in os.environ["ACCEPTS"].split()])
def take(state, schema):
    global seen
    seen = int(state) if isinstance(state, bytes) else state["seen"]
async def app(scope, receive, send):
    global seen
    seen += 1
    body = str(seen).encode()
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
"""


def counting(make: Make, number: str, **env: str) -> MiniRelease:
    web: dict[str, Any] = {**SERVER, "env": {"SCHEMA": "1", "ACCEPTS": "1", **env}}
    return version(make, number, files={"shop/web.py": WEB}, services={"web": web})


def ask(address: str) -> int:
    with Asking(address) as asking:
        eventually(lambda: asking.answers)
    assert [] == asking.failed
    return int(asking.answers[0])


@pytest.mark.network
def test_a_state_of_a_known_schema_goes_along_and_any_other_is_a_cold_start(
    mini_release: Make,
) -> None:
    one = counting(mini_release, "1.0.0")
    counting(mini_release, "2.0.0", SCHEMA="2", ACCEPTS="1 2", PAYLOAD="bytes")
    counting(mini_release, "3.0.0", SCHEMA="3", ACCEPTS="2 3", PAYLOAD="fails")
    counting(mini_release, "4.0.0", SCHEMA="4", ACCEPTS="3 4")
    counting(mini_release, "5.0.0", SCHEMA="5", ACCEPTS="5")
    address = started(one)
    assert 1 == ask(address)
    for number, reason in (
        ("2.0.0", "the state of web.1 is taken over (schema 1)"),
        ("3.0.0", "the state of web.1 is taken over (schema 2)"),
        ("4.0.0", "cold start: RuntimeError: LookupError: it is lost"),
        ("5.0.0", "cold start: the state has schema 4, known are 5"),
    ):
        before = ask(address)
        done = one.run("upgrade", number)
        assert 0 == done.returncode, done.stderr
        assert f"web.1 | {reason}" in log(one)
        warm = reason.startswith("the state")
        assert (ask(address) > before) == warm
    assert service(one, "web")["version"] == "5.0.0"

    # A process that is only started again has nobody to ask.
    lines = log(one).count("taken over")
    assert 0 == one.run("restart").returncode
    assert lines == log(one).count("taken over")


# One at a time: it holds a lock, and prints what it has been given.
ONCE = """
import fcntl, os, time
from relforge.runtime import handoff, ready
VERSION = os.environ["RELEASE_VERSION"]
state = {"by": "nobody", "of": "x" * 100_000}
@handoff.export(schema=1)
def give():
    return {**state, "by": VERSION}
@handoff.import_(accepts=[1])
def take(given, schema):
    state.update(given)
def main():
    place = open(os.path.join(os.environ["RELEASE_STATE_DIR"], "once"), "w")
    fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if os.environ.get("FAULT"):
        raise SystemExit("no lease")
    print(VERSION, "goes on from", state["by"], len(state["of"]))
    ready()
    while True:
        time.sleep(1)
"""


def test_the_state_of_a_singleton_is_kept_until_its_successor_has_it(mini_release: Make) -> None:
    def once(number: str, **env: str) -> MiniRelease:
        row: dict[str, Any] = {"target": "shop.once:main", "singleton": True, "env": env}
        services = {"once": row, "web": SERVER}
        return version(mini_release, number, files={"shop/once.py": ONCE}, services=services)

    one = once("1.0.0")
    once("2.0.0")
    once("3.0.0", FAULT="yes")
    started(one)
    assert "1.0.0 goes on from nobody 100000" in log(one)
    done = one.run("upgrade", "2.0.0")
    assert 0 == done.returncode, done.stderr
    assert "once.1 | the state of once.1 is taken over (schema 1)" in log(one)
    assert "2.0.0 goes on from 1.0.0 100000" in log(one)

    # Where the successor fails, the old one is started again, and gets its own state.
    failed = one.run("upgrade", "3.0.0")
    assert 1 == failed.returncode
    assert "no lease" in failed.stderr
    eventually(lambda: service(one, "once")["ready"])
    assert "2.0.0 goes on from 2.0.0 100000" in log(one)
    held = os.listdir(f"/proc/{status(one)['pid']}/fd")
    links = [os.path.realpath(f"/proc/{status(one)['pid']}/fd/{fd}") for fd in held]
    assert [] == [link for link in links if "relforge-kept" in link]
