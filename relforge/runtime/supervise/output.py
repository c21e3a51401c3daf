"""What one process prints, read from a pipe line by line; the last lines are kept."""

from __future__ import annotations

import os
from collections import deque

from .journal import ReleaseLog

KEPT = 50
_CHUNK = 1 << 16
_LONGEST = 1 << 14  # bytes of a line without an end


class Output:
    """The reading end; ``tail`` holds the last lines for the error that reports a death."""

    def __init__(self, fd: int, who: str, journal: ReleaseLog) -> None:
        self.fd = fd
        self.who = who
        self.tail: deque[str] = deque(maxlen=KEPT)
        self._journal = journal
        self.rest = b""
        os.set_blocking(fd, False)

    def read(self) -> int | None:
        """Take one chunk, so that a flood starves nobody; its bytes.

        None where nothing has come, 0 where nothing will come any more.
        """
        try:
            chunk = os.read(self.fd, _CHUNK)
        except BlockingIOError:
            return None
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        if self.rest and (not chunk or len(self.rest) > _LONGEST):
            lines.append(self.rest)
            self.rest = b""
        if lines:
            self._journal.lines(self.who, lines)
            self.tail += [line.decode(errors="replace").rstrip("\r") for line in lines[-KEPT:]]
        return len(chunk)

    def finish(self) -> None:
        """Take what the dead process left behind, a flood up to 4 MiB of it, and close."""
        for _ in range(64):
            if not self.read():
                break
        os.close(self.fd)
        self.fd = -1
