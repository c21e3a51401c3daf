"""What the release prints: passed through in the foreground, one file in the background."""

from __future__ import annotations

import os
import time

from ..errors import CONFIG, Refusal

SUPERVISOR = "supervisor"


class Journal:
    """Lines such as ``2026-11-23T15:40:55.123Z web.1 | text`` in ``path``; None is the foreground.

    Never raises: a full disk must not stop what is being logged.
    """

    __slots__ = ("_fd", "name", "path")

    def __init__(self, name: str, path: str | None) -> None:
        self.name = name
        self.path = path
        self._fd = 2
        if path is not None:
            try:
                self._fd = _open(path)
            except OSError as error:
                raise Refusal(
                    f"{path}: {error.strerror}",
                    hint="set RELEASE_LOG_DIR to a folder that this user can write",
                    code=CONFIG,
                ) from None

    def say(self, text: str) -> None:
        """A line of the supervisor's own."""
        if self.path is None:
            self._write(f"{self.name}: {text}\n".encode())
        else:
            self.lines(SUPERVISOR, text.encode().split(b"\n"))

    def lines(self, who: str, lines: list[bytes]) -> None:
        """Whole lines of one process."""
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        head = f"{stamp}.{int(now * 1000) % 1000:03d}Z {who} | ".encode()
        self._write(b"".join(head + line + b"\n" for line in lines))

    def take_over(self) -> None:
        """Send this process's own output and errors to the file as well."""
        if self.path is not None:
            os.dup2(self._fd, 1)
            os.dup2(self._fd, 2)

    def reopen(self) -> None:
        """Go on in a new file under the same name, after a rotation."""
        if self.path is not None:
            try:
                fd = _open(self.path)
            except OSError:
                return
            os.dup2(fd, self._fd, inheritable=False)
            os.close(fd)
            self.take_over()

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            return


def _open(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
