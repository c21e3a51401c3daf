"""What the release prints: passed through in the foreground, one file in the background."""

from __future__ import annotations

import os
import time

from .. import untrusted_text
from ..errors import CONFIG, Refusal
from ..regular_file import NotRegular, odd, open_own
from ..wire.descriptors import write
from . import journald
from .rules import levels

SUPERVISOR = "supervisor"
AUDIT = "audit"  # the stream of what was evaluated in the processes
_STAMP = len("2026-11-23T15:40:55")


class LogLimits:
    """When a file is full: bytes and seconds, 0 for never; ``keep`` rotated ones stay."""

    def __init__(self, size: int, age: float, keep: int) -> None:
        self.size = size
        self.age = age
        self.keep = keep


class ReleaseLog:
    """Lines such as ``2026-11-23T15:40:55.123Z web.1 | text`` in ``path``; None is the foreground.

    A file that is full becomes ``path.1``, which was ``path.2`` before, and so on.
    In the foreground, ``native`` says that what we print is read by the journal of systemd.
    Never raises: a full disk must not stop what is being logged.
    """

    def __init__(self, name: str, path: str | None, limits: LogLimits) -> None:
        self.name = name
        self.path = path
        self._limits = limits
        self._size = 0
        self._began = ""  # the stamp of the first line
        self._fd = 2
        self._audit = -1  # a stream of the journal of systemd
        self.native = path is None and journald.is_ours(os.environ)
        if path is not None:
            try:
                self._fd = _open(path)
            except NotRegular:
                raise odd(path) from None
            except OSError as error:
                raise Refusal(
                    f"{path}: {error.strerror}",
                    hint="set RELEASE_LOG_DIR to a directory that this user can write to",
                    code=CONFIG,
                ) from None
            self._look()

    def say(self, text: str, level: int = levels.INFO) -> None:
        """A line of the supervisor's own; in the journal of systemd, of that priority."""
        text = untrusted_text.harmless(text)
        if self.native:
            # The name is there already, the priority goes before each line (sd-daemon(3)).
            self._write("".join(f"<{level}>{line}\n" for line in text.split("\n")).encode())
        elif self.path is None:
            self._write(f"{self.name}: {text}\n".encode())
        else:
            self.lines(SUPERVISOR, text.encode().split(b"\n"))

    def audit(self, text: str) -> None:
        """One line of the audit, in a stream that no process of the application writes to."""
        line = untrusted_text.line(text)
        if self.path is not None:
            self.lines(AUDIT, [line.encode()])
            return
        if self.native and self._audit < 0:
            self._audit = journald.stream(f"{self.name}/{AUDIT}")
        if self._audit < 0:
            self.say(line)
        else:
            self._write(f"{line}\n".encode(), self._audit)

    def lines(self, who: str, lines: list[bytes]) -> None:
        """Whole lines of one process."""
        now = time.time()
        head = f"{stamp(now)}.{int(now * 1000) % 1000:03d}Z {who} | ".encode()
        data = b"".join(head + line + b"\n" for line in lines)
        if self.path is not None and self._is_full(len(data), now):
            self._rotate()
        self._began = self._began or stamp(now)
        self._size += len(data)
        self._write(data)

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
            self._look()
            self.take_over()

    def _look(self) -> None:
        """Learn what is in the file already."""
        assert self.path is not None
        self._size = os.fstat(self._fd).st_size
        self._began = ""
        try:
            with open(open_own(self.path), "rb") as file:
                self._began = file.read(_STAMP).decode(errors="replace")
        except OSError:
            return  # its age is counted from the next line

    def _is_full(self, more: int, now: float) -> bool:
        size, age = self._limits.size, self._limits.age
        if not self._size:
            return False
        # Stamps sort as the moments that they stand for.
        return bool(size and self._size + more > size) or bool(
            age and self._began < stamp(now - age)
        )

    def _rotate(self) -> None:
        """Where that cannot be done the file grows on, and the next try comes when it is due."""
        assert self.path is not None
        try:
            rotate(self.path, self._limits.keep)
        except OSError:
            self._size, self._began = 0, ""
            return
        self.reopen()

    def _write(self, data: bytes, fd: int | None = None) -> None:
        try:
            write(self._fd if fd is None else fd, data)
        except OSError:
            return


def stamp(moment: float) -> str:
    """``2026-11-23T15:40:55``, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))


def rotate(path: str, keep: int) -> None:
    """Move the file to ``path.1``, that to ``path.2``; ``path.<keep>`` is the last, and goes."""
    if not keep:
        os.unlink(path)
        return
    for number in range(keep, 0, -1):
        source = f"{path}.{number - 1}" if number > 1 else path
        if os.path.exists(source):
            os.replace(source, f"{path}.{number}")


def _open(path: str) -> int:
    return open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
