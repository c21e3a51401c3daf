"""What proc(5) says of a process; nothing where the process is gone."""

from __future__ import annotations

import os

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def read(process: int | str, name: str) -> bytes:
    """A file of ``/proc/PROCESS``; b"" where it cannot be read."""
    try:
        with open(f"/proc/{process}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


class Stat:
    """The file ``stat``: state, parent, seconds of CPU, threads, resident bytes."""

    def __init__(self, text: bytes) -> None:
        # The name is in parentheses and may hold any of them.
        head, _, rest = text.rpartition(b")")
        fields = rest.split()
        self.name = head.partition(b"(")[2].decode(errors="replace")
        self.state = fields[0].decode()
        self.parent = int(fields[1])
        self.cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        self.threads = int(fields[17])
        self.rss = int(fields[21]) * _PAGE


def stat(process: int | str) -> Stat | None:
    """Of a process, or of a thread as ``self/task/7``; None where it is gone."""
    text = read(process, "stat")
    return Stat(text) if text else None


def parent(pid: int) -> int:
    """The parent of a process; 0 where there is no such process."""
    found = stat(pid)
    return 0 if found is None else found.parent


def resident(process: int | str = "self") -> int | None:
    """The resident memory in bytes; exact, which `Stat.rss` is not."""
    fields = read(process, "statm").split()
    return int(fields[1]) * _PAGE if fields else None


def environ(pid: int) -> list[bytes]:
    """The variables that a process was started with, as ``NAME=text``."""
    return read(pid, "environ").split(b"\0")
