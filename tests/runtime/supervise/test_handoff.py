"""State that goes from a process to the one that takes its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.asking import Asking
from tests.runtime.supervise.test_upgrade import SERVER, started, version
from tests.runtime.supervise.waiting import eventually, log, service

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
        ("4.0.0", "no state is taken over: RuntimeError: LookupError: it is lost"),
        ("5.0.0", "no state is taken over: it has schema 4, known are 5"),
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
