"""Frames that hypothesis makes up; `make soak` makes more of them."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Callable, Iterator

import pytest
from hypothesis import strategies as some

from relforge.runtime.wire import frames
from tests.faults.profiles import fuzzed

from .conftest import Live, run

pytestmark = pytest.mark.process

EXAMPLES = 2000 if os.environ.get("SOAK") else 60
OPS = [
    *("eval", "call", "percent", "interrupt", "check", "complete", "stacks", "tasks", "cancel"),
    *("stats", "ping", "hello", "config", "", "nothing"),
]
values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda below: (
        some.lists(below, max_size=3) | some.dictionaries(some.text(max_size=5), below, max_size=3)
    ),
    max_leaves=6,
)
names = ["id", "target", "args", "kwargs", "text", "line", "json", "where", "columns", "most"]
messages = some.builds(
    lambda op, rest: {**rest, "op": op},
    some.sampled_from(OPS) | values,
    some.dictionaries(some.sampled_from([*names, "within", "name", "proto"]), values, max_size=5),
)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    made = Live(tmp_path_factory.mktemp("fuzz"), "asyncio", "")
    yield made
    made.stop()


def test_no_message_harms_the_process(steady: Live) -> None:
    @fuzzed(EXAMPLES, some.lists(messages, max_size=4), some.binary(max_size=40), some.booleans())
    def sent(rows: list[dict[str, object]], garbage: bytes, greet: bool) -> None:
        send(steady, rows, garbage, greet)

    sent()


def send(steady: Live, sent: list[dict[str, object]], garbage: bytes, greet: bool) -> None:
    with socket.socket(socket.AF_UNIX) as sock, contextlib.suppress(OSError):
        sock.settimeout(5)
        sock.connect(steady.path)
        if greet:
            frames.send(sock, {"op": "hello", "proto": 1})
        for message in sent:
            frames.send(sock, message)
        sock.sendall(garbage)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass
    assert steady.process.poll() is None


def test_it_has_survived_all_of_them(steady: Live) -> None:
    assert "42" == run(steady.client(), "6 * 7")["repr"]
    steady.assert_alive()


@pytest.mark.parametrize("size", [0, 1, frames.LIMIT + 1, 0xFFFFFFFF])
def test_a_frame_of_any_size_that_is_said(start: Callable[..., Live], size: int) -> None:
    live = start("threads")
    with socket.socket(socket.AF_UNIX) as sock, contextlib.suppress(OSError):
        sock.settimeout(5)
        sock.connect(live.path)
        sock.sendall(struct.pack(">I", size) + b"{}"[: min(size, 2)])
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass
    assert "42" == run(live.client(), "6 * 7")["repr"]
