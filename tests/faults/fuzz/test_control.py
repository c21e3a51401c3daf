"""Requests to a supervisor that runs; tests/runtime/agent/test_fuzz.py asks a process."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from relforge.runtime.wire import frames
from tests.faults.fuzz.drawn import JSON
from tests.faults.profiles import fuzzed
from tests.runtime.conftest import MiniRelease

pytestmark = pytest.mark.process

# `stop` with a number that fits is what it says, so that one is always odd here.
OPS = ["status", "ping", "upgrade", "reload", "diff", "nonsense", "replace", "taken"]
KEYS = ["root", "timeout", "version", "environ", "services", "from", "id", "drain", "dry_run"]
REQUESTS = st.one_of(
    st.builds(
        lambda op, rest: {**rest, "op": op},
        st.sampled_from(OPS) | JSON.filter(lambda value: value != "stop"),
        st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4),
    ),
    st.builds(
        lambda value: {"op": "stop", "timeout": value},
        st.sampled_from([10**400, "x", [1], {}, float("nan"), -1]),
    ),
)


def test_no_request_ends_a_supervisor(mini_release: Callable[..., MiniRelease]) -> None:
    release = mini_release()
    assert 0 == release.run("start").returncode
    path = str(release.state / "run" / "supervisor.sock")
    pid = release.run("pid").stdout

    @fuzzed(80, st.lists(REQUESTS, max_size=3), st.binary(max_size=40))
    def asked(requests: list[dict[str, Any]], garbage: bytes) -> None:
        with socket.socket(socket.AF_UNIX) as sock, contextlib.suppress(OSError):
            sock.settimeout(5)
            sock.connect(path)
            for request in requests:
                frames.send(sock, request)
            sock.sendall(struct.pack(">I", len(garbage)) + garbage)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(1 << 16):
                pass
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(path)
            frames.send(sock, {"op": "ping"})
            assert (frames.receive(sock) or {})["pong"] is True

    asked()
    assert pid == release.run("pid").stdout
    assert 0 == release.run("stop").returncode
