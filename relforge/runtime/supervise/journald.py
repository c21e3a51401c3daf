"""The journal of systemd, where our output goes there: a stream for each process, by its name.

Nothing passes through us; the journal reads what a process prints from the
process itself, and marks it with its unit and its pid.
"""

from __future__ import annotations

import os
import socket

from .rules import levels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET = "/run/systemd/journal/stdout"
VARIABLE = "JOURNAL_STREAM"


def is_ours(environ: Mapping[str, str]) -> bool:
    """Does our standard error lead to the journal (systemd.exec(5), ``$JOURNAL_STREAM``)?"""
    named = environ.get(VARIABLE)
    try:
        return bool(named) and named == place(2)
    except OSError:
        return False


def place(fd: int) -> str:
    """A descriptor as ``$JOURNAL_STREAM`` names it."""
    found = os.fstat(fd)
    return f"{found.st_dev}:{found.st_ino}"


def stream(name: str) -> int:
    """A new stream whose lines carry that name; -1 where the journal does not answer.

    The header is that of sd_journal_stream_fd(3): name, unit (the journal knows
    better), priority, whether ``<3>`` before a line is one, and three that forward.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(1.0)
        sock.connect(SOCKET)
        sock.shutdown(socket.SHUT_RD)
        sock.sendall(f"{name}\n\n{levels.INFO}\n1\n0\n0\n0\n".encode())
        sock.setblocking(True)
    except OSError:
        sock.close()
        return -1
    return sock.detach()
