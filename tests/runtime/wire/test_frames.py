"""Frames: whole messages, and nothing else of what a peer sends."""

from __future__ import annotations

import _socket
import socket
from collections.abc import Iterator

import pytest

from relforge.runtime.wire import frames


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, _socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ours, theirs


def test_messages_arrive_one_by_one_and_then_the_end(
    ends: tuple[socket.socket, _socket.socket],
) -> None:
    ours, theirs = ends
    frames.send(ours, {"op": "ping"})
    frames.send(ours, {"text": "ü\n"})
    ours.close()
    found = [frames.receive(theirs) for _ in range(3)]
    assert [{"op": "ping"}, {"text": "ü\n"}, None] == found


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"\x00\x00", "inside a frame"),
        (b"\x00\x00\x00\x05{}", "inside a frame"),
        (b"\x00\x00\x00\x05", "inside a frame"),
        ((frames.LIMIT + 1).to_bytes(4, "big"), "over the limit"),
        (b"\x00\x00\x00\x02[]", "not a JSON object"),
        (b"\x00\x00\x00\x02{]", "not JSON"),
    ],
)
def test_what_is_no_frame_is_an_error(
    ends: tuple[socket.socket, _socket.socket], sent: bytes, said: str
) -> None:
    ours, theirs = ends
    ours.sendall(sent)
    ours.close()
    with pytest.raises(frames.FrameError, match=said):
        frames.receive(theirs)


def test_a_message_that_is_too_large_is_not_sent() -> None:
    with pytest.raises(frames.FrameError, match="over the limit"):
        frames.encode({"text": "x" * frames.LIMIT})
