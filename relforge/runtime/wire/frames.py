"""Messages on a stream: a u32 length, big endian, then one JSON object in UTF-8."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import Any

LIMIT = 16 << 20
_HEAD = 4  # bytes of the length
_JSON = json.JSONEncoder(separators=(",", ":"), default=repr)


class FrameError(Exception):
    """The peer sent something other than a frame; the connection is of no more use."""


def _at_once() -> None:
    """The read itself waits."""


def encode(message: dict[str, Any]) -> bytes:
    """The bytes of one frame; values that JSON lacks are sent as their ``repr``.

    Raises FrameError for more than `LIMIT` bytes.
    """
    body = _JSON.encode(message).encode()
    if len(body) > LIMIT:
        raise FrameError(f"a message of {len(body)} bytes is over the limit of {LIMIT}")
    return len(body).to_bytes(_HEAD, "big") + body


def send(sock: socket, message: dict[str, Any]) -> None:
    """Write one frame whole."""
    sock.sendall(encode(message))


def receive(sock: socket, wait: Callable[[], None] = _at_once) -> dict[str, Any] | None:
    """The next message, or None where the peer closed between two frames.

    ``wait`` is called before each read, and may raise.  Raises FrameError on
    garbage, an oversize frame or an end inside a frame, and TimeoutError where
    the socket has a time-out.
    """
    head = _exactly(sock, _HEAD, wait)
    if head is None:
        return None
    size = int.from_bytes(head, "big")
    if size > LIMIT:
        raise FrameError(f"a frame of {size} bytes is over the limit of {LIMIT}")
    body = _exactly(sock, size, wait)
    if body is None:
        raise FrameError("the peer closed the connection inside a frame")
    return decode(body)


def decode(body: bytes) -> dict[str, Any]:
    """One frame's body as a message; raises FrameError."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame that is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise FrameError("a frame that is not a JSON object")
    return message


def _exactly(sock: socket, size: int, wait: Callable[[], None]) -> bytes | None:
    chunks = []
    missing = size
    while missing:
        wait()
        chunk = sock.recv(min(missing, 1 << 16))
        if not chunk:
            if missing == size:
                return None
            raise FrameError("the peer closed the connection inside a frame")
        chunks.append(chunk)
        missing -= len(chunk)
    return b"".join(chunks)
