"""S16: clients that say nothing, or never end what they say, keep nobody out of a console."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.agent import native, places
from relforge.runtime.agent.patience import HELLO_WITHIN, OutOfPatience, Patience
from relforge.runtime.wire import frames

from .conftest import Live, run

NOBODY = 65534
SHOP = 1000
HELLO = frames.encode({"op": "hello", "proto": 1})
SILENT = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
socks = []
for _ in range(40):
    socks.append(socket.socket(socket.AF_UNIX)); socks[-1].connect(sys.argv[1])
print("up", flush=True); sys.stdin.read()
"""


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, native.socket]]:
    ours, theirs = socket.socketpair()
    with ours:
        agent = native.socket(fileno=theirs.detach())
        yield ours, agent
        agent.close()


def waits(patience: Patience) -> tuple[float, str]:
    """For how long, and what is said then."""
    begun = time.monotonic()
    with pytest.raises(OutOfPatience) as caught:
        patience.wait()
    return time.monotonic() - begun, str(caught.value)


def hurried(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("relforge.runtime.agent.patience.HELLO_WITHIN", seconds)


def test_a_client_has_five_seconds_until_its_handshake() -> None:
    assert 5.0 == HELLO_WITHIN


@pytest.mark.parametrize("limit", [0, 8 * 3600.0])
def test_before_the_handshake_the_limit_of_idle_clients_does_not_count(
    ends: tuple[socket.socket, native.socket], monkeypatch: pytest.MonkeyPatch, limit: float
) -> None:
    hurried(monkeypatch, 0.1)
    seconds, said = waits(Patience(ends[1], limit, lambda: False))
    assert "no handshake within 0.1s" == said
    assert 0.1 <= seconds < 3


def test_a_handshake_byte_by_byte_has_no_more_time(
    ends: tuple[socket.socket, native.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(monkeypatch, 0.2)
    patience = Patience(ends[1], 0, lambda: False)
    with pytest.raises(OutOfPatience):
        for byte in HELLO * 10:
            ends[0].send(bytes([byte]))
            patience.wait()
            time.sleep(0.02)


def test_half_a_message_after_the_handshake_counts_as_nothing(
    ends: tuple[socket.socket, native.socket],
) -> None:
    patience = Patience(ends[1], 0.2, lambda: False)
    patience.renew()
    ends[0].send(HELLO[:7])
    with pytest.raises(OutOfPatience, match=r"no request for 0\.2s"):
        frames.receive(ends[1], patience.wait)


def test_a_client_that_waits_for_us_is_waited_for(
    ends: tuple[socket.socket, native.socket],
) -> None:
    answers = iter([True, True, False])
    patience = Patience(ends[1], 0.1, lambda: next(answers))
    patience.renew()
    assert waits(patience)[0] >= 0.3


def test_without_a_limit_an_idle_client_stays(ends: tuple[socket.socket, native.socket]) -> None:
    patience = Patience(ends[1], 0, lambda: False)
    patience.renew()
    ends[0].send(HELLO)
    assert {"op": "hello", "proto": 1} == frames.receive(ends[1], patience.wait)


@pytest.mark.parametrize(
    ("uid", "connected", "expected"),
    [
        (NOBODY, [], ""),
        (NOBODY, [NOBODY] * 7, ""),
        (NOBODY, [NOBODY] * 8, "8 clients of uid 65534 are connected already"),
        (NOBODY, [0] * 27, ""),
        (NOBODY, [0] * 28, "28 clients are connected already"),
        (NOBODY, [*range(2000, 2028)], "28 clients are connected already"),
        (SHOP, [*range(2000, 2028)], ""),
        (SHOP, [SHOP] * 30, ""),
        (SHOP, [SHOP] * 31, "31 clients are connected already"),
        (0, [SHOP] * 31, ""),
        (0, [0] * 32, "32 clients are connected already"),
    ],
)
def test_places_are_kept_for_root_and_for_the_services_user(
    uid: int, connected: list[int], expected: str
) -> None:
    assert expected == places.refusal(uid, connected, {SHOP})


@pytest.mark.process
@pytest.mark.parametrize("said", [b"", HELLO[:1], HELLO[:9], b"\0\xff\xff\xff"], ids=repr)
def test_a_silent_client_is_sent_away(live: Live, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(HELLO_WITHIN + 5)
        sock.connect(live.path)
        sock.send(said)
        begun = time.monotonic()
        assert "welcome" == (frames.receive(sock) or {})["op"]
        assert {"op": "bye", "reason": "no handshake within 5s"} == _without_id(sock)
        assert frames.receive(sock) is None
        assert HELLO_WITHIN - 1 < time.monotonic() - begun < HELLO_WITHIN + 4


def _without_id(sock: socket.socket) -> dict[str, Any]:
    return {key: value for key, value in (frames.receive(sock) or {}).items() if key != "id"}


@pytest.mark.process
def test_places_of_silent_clients_are_free_again(live: Live) -> None:
    with ExitStack() as held:
        for _ in range(40):
            sock = held.enter_context(socket.socket(socket.AF_UNIX))
            sock.connect(live.path)
        time.sleep(HELLO_WITHIN + 1)
        assert "42" == run(live.client(), "6 * 7")["repr"]


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_root_gets_in_at_once_beside_silent_clients_of_a_guest(
    start: Callable[..., Live],
) -> None:
    live = start("threads", users=[pwd.getpwuid(NOBODY).pw_name])
    for directory in Path(live.path).parents:
        os.chmod(directory, 0o755)
    with subprocess.Popen(
        [sys.executable, "-I", "-c", SILENT, live.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as guest:
        assert guest.stdout is not None
        assert b"up\n" == guest.stdout.readline()
        assert "42" == run(live.client(), "6 * 7")["repr"]
        guest.kill()
