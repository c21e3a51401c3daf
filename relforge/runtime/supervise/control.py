"""The control socket: ``status``, ``stop`` and ``ping`` from ``bin/<name>``.

No client can make the supervisor wait: each has its own buffers.
"""

from __future__ import annotations

import base64
import os
import socket
import struct

from ..protocol import supervisor as messages
from ..wire import frames
from ..wire.unix import credentials
from .poller import READ, WRITE, Poller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MOST_CLIENTS = 64
_LONGEST = 1 << 20  # bytes of a request
_HEAD = struct.Struct(">I")


class ControlClient:
    """One connection; it stays open until it closes, or sends anything but a frame."""

    def __init__(self, control: Control, sock: socket.socket, number: int) -> None:
        self._control = control
        self.number = number
        self.sock = sock
        self.received = b""
        self.unsent = b""

    def send(self, message: dict[str, Any]) -> None:
        """Send now what the kernel takes, the rest when it can."""
        self.unsent += frames.encode(message)
        self._flush()

    def handle(self, events: int) -> None:
        """Something happened to the socket."""
        if events & WRITE:
            self._flush()
        if events & ~WRITE and self.sock.fileno() >= 0:
            self._read()

    def _read(self) -> None:
        try:
            chunk = self.sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._control.drop(self)
            return
        self.received += chunk
        try:
            while (message := self._next()) is not None:
                self._control.answer(message, self)
        except frames.FrameError as error:
            self.send(messages.error(str(error)))
            self._control.drop(self)

    def _next(self) -> dict[str, Any] | None:
        if len(self.received) < _HEAD.size:
            return None
        (size,) = _HEAD.unpack_from(self.received)
        if size > _LONGEST:
            raise frames.FrameError(f"a frame of {size} bytes is over the limit of {_LONGEST}")
        end = _HEAD.size + size
        if len(self.received) < end:
            return None
        body, self.received = self.received[_HEAD.size : end], self.received[end:]
        return frames.decode(body)

    def _flush(self) -> None:
        try:
            while self.unsent:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._control.drop(self)
            return
        self._control.watch(self, READ | WRITE if self.unsent else READ)


class Control:
    """Accepts who may talk to this supervisor; ``answer(message, client)`` does what they ask.

    ``left(client)`` is called for each connection that is closed.
    """

    def __init__(
        self,
        sock: socket.socket,
        poller: Poller,
        answer: Callable[[dict[str, Any], ControlClient], None],
    ) -> None:
        self._sock = sock
        self._poller = poller
        self._clients: list[ControlClient] = []
        self._last = 0  # the number of the newest client
        self.answer = answer
        self.left: Callable[[ControlClient], None] = _nothing
        poller.add(sock.fileno(), READ, self._accept)

    def watch(self, client: ControlClient, events: int) -> None:
        self._poller.add(client.sock.fileno(), events, client.handle)

    def send(self, number: int, message: dict[str, Any]) -> None:
        """Answer a client, if it is still there."""
        client = self._client(number)
        if client is not None:
            client.send(message)

    def hang_up(self, number: int) -> None:
        """Close the connection of a client, if it is still there."""
        client = self._client(number)
        if client is not None:
            self.drop(client)

    def dump(self, asks: int | None) -> list[dict[str, Any]]:
        """The connections for `adopt`; ``asks`` is the one that waits for an operation."""
        return [
            {
                "fd": client.sock.fileno(),
                "in": base64.b64encode(client.received).decode(),
                "out": base64.b64encode(client.unsent).decode(),
                "asks": client.number == asks,
            }
            for client in self._clients
        ]

    def adopt(self, rows: list[dict[str, Any]]) -> int | None:
        """Go on with the connections of another supervisor; the one that waits."""
        asks = None
        for row in rows:
            client = self._new(socket.socket(fileno=row["fd"]))
            client.sock.setblocking(False)
            client.received = base64.b64decode(row["in"])
            client.unsent = base64.b64decode(row["out"])
            self.watch(client, READ | WRITE if client.unsent else READ)
            if row["asks"]:
                asks = client.number
        return asks

    def drop(self, client: ControlClient) -> None:
        """Close a connection; idempotent."""
        if client in self._clients:
            self._clients.remove(client)
            self._poller.remove(client.sock.fileno())
            client.sock.close()
            self.left(client)

    def _accept(self, _events: int) -> None:
        for _ in range(MOST_CLIENTS):
            try:
                sock, _ = self._sock.accept()
            except OSError:
                return
            self._admit(sock)

    def _admit(self, sock: socket.socket) -> None:
        _, uid, _ = credentials(sock)
        if uid not in (0, os.geteuid()):
            sock.close()
            return
        sock.setblocking(False)
        if len(self._clients) >= MOST_CLIENTS:
            # The oldest has had its time.
            self.drop(self._clients[0])
        self.watch(self._new(sock), READ)

    def _client(self, number: int) -> ControlClient | None:
        return next((client for client in self._clients if client.number == number), None)

    def _new(self, sock: socket.socket) -> ControlClient:
        self._last += 1
        client = ControlClient(self, sock, self._last)
        self._clients.append(client)
        return client


def _nothing(_client: ControlClient) -> None:
    """No rule follows from it."""
