"""How long a client keeps its place without a whole message."""

from __future__ import annotations

import time

from .native import poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .native import socket

HELLO_WITHIN = 5.0  # seconds
_READABLE = 1  # POLLIN


class OutOfPatience(Exception):
    """The client has had its time; the text is for it."""


class Patience:
    """Waits for bytes: until the handshake for 5 seconds, then for ``limit``, 0 for ever.

    The time is that of a whole message, so a client that sends it byte by byte
    has no more of it.  ``busy()`` says that the client waits for us.
    """

    def __init__(self, sock: socket, limit: float, busy: Callable[[], bool]) -> None:
        self._poll = poll()
        self._poll.register(sock.fileno(), _READABLE)
        self._limit = limit
        self._busy = busy
        self._seconds = HELLO_WITHIN
        self._end = time.monotonic() + HELLO_WITHIN
        self._reason = f"no handshake within {HELLO_WITHIN:g}s"

    def renew(self) -> None:
        """After the handshake, before each message."""
        self._seconds = self._limit
        self._end = time.monotonic() + self._limit
        self._reason = f"no request for {self._limit:g}s"

    def wait(self) -> None:
        """Return when there is something to read; raises OutOfPatience."""
        while self._seconds:
            left = self._end - time.monotonic()
            if left > 0:
                if self._poll.poll(left * 1000):
                    return
            elif self._busy():
                self.renew()
            else:
                raise OutOfPatience(self._reason)
