"""Everything that goes to one client, in order, written by a thread of its own.

Nobody who prints waits for a slow client with a lock in hand, and the
application's event loop never waits at all: over the limit its output is
dropped, and a line to the client says how much.
"""

from __future__ import annotations

import socket
from contextlib import suppress

from ..protocol import answers
from ..wire import frames
from . import native
from .native import Empty, SimpleQueue, Worker, allocate_lock, get_ident, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_WAITING = 4 << 20  # characters of output
MOST_REPLIES = 1000
LITTLE = 1 << 16  # characters, which a terminal shows at once
PIECE = 1 << 20  # characters in one frame; 12 MiB at worst, as JSON


_MARK: dict[str, Any] = {"": ""}  # in the queue: what came before it is to be dropped


class Outbox:
    """The queue of one connection; ``patient`` is the thread whose output may wait."""

    def __init__(self, sock: native.socket, name: str) -> None:
        self._sock = sock
        # C code without Python locks: an interrupt inside `put` leaves nothing behind.
        self._queue: SimpleQueue[dict[str, Any] | tuple[str, str] | None] = SimpleQueue()
        self._lock = allocate_lock()
        self._replies = 0
        self._waiting = 0
        self._dropped = 0
        self._discarding = False
        self.closed = False
        self.patient: int | None = None
        self.thread = Worker(self._work, f"{name}-out")

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message; not for code that an interrupt may hit."""
        with self._lock:
            self._replies += 1
        self._queue.put(message)

    def settle(self) -> None:
        """Wait until the client has taken most of the replies that it asked for."""
        while self._replies > MOST_REPLIES and not self.closed:
            sleep(0.01)

    def write(self, stream: str, text: str) -> bool:
        """Queue output of an evaluation (``output.Sink``); safe under interrupts."""
        while self._waiting > MOST_WAITING and not self.closed:
            if get_ident() != self.patient:
                self._dropped += len(text)
                return True
            sleep(0.005)
        if self.closed:
            return False
        self._waiting += len(text)
        self._queue.put((stream, text))
        return True

    def discard(self) -> None:
        """Drop the output that waits now, where it is much: the user wants it to end."""
        if self._waiting > LITTLE:
            self._discarding = True
            self._queue.put(_MARK)

    def close(self) -> None:
        """Send what is queued, then end the thread and the connection."""
        self._queue.put(None)

    def abandon(self) -> None:
        """Without a word: the process has forked, or the client is gone."""
        self.closed = True
        self._queue.put(None)

    def _work(self) -> None:
        item: dict[str, Any] | tuple[str, str] | None = {}
        try:
            while not self.closed and item is not None:
                item = self._queue.get()
                while isinstance(item, tuple):
                    item = self._texts(item)
                if item is _MARK:
                    self._discarding = False
                elif item:
                    self._report_dropped()
                    self._put(item)
                    with self._lock:
                        self._replies -= 1
        except OSError:
            pass
        finally:
            self.closed = True
            _shut(self._sock)

    def _texts(self, first: tuple[str, str]) -> dict[str, Any] | tuple[str, str] | None:
        """Send this output and what else there is for the same stream; what comes after it."""
        stream, pieces, size = first[0], [first[1]], len(first[1])
        item: dict[str, Any] | tuple[str, str] | None = {}
        while size < PIECE:
            try:
                item = self._queue.get_nowait()
            except Empty:
                item = {}
                break
            if not isinstance(item, tuple) or item[0] != stream:
                break
            pieces.append(item[1])
            size += len(item[1])
            item = {}
        text = "" if self._discarding else "".join(pieces)
        if self._discarding:
            self._dropped += size
        for start in range(0, len(text), PIECE):
            self._put(answers.out(stream, text[start : start + PIECE]))
        # Counted without a lock, so it drifts; an empty queue is where it starts again.
        self._waiting = 0 if self._queue.empty() else max(self._waiting - size, 0)
        return item

    def _report_dropped(self) -> None:
        dropped, self._dropped = self._dropped, 0
        if dropped:
            text = f"[{dropped} characters of output dropped: more than this client could read]\n"
            self._put(answers.out("stderr", text))

    def _put(self, message: dict[str, Any]) -> None:
        try:
            frames.send(self._sock, message)
        except frames.FrameError as error:
            frames.send(self._sock, {"id": message.get("id"), **answers.error(str(error))})


def _shut(sock: native.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
