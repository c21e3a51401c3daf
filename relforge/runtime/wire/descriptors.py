"""File descriptors of the supervisor's, out of the way of those that its children get."""

from __future__ import annotations

import fcntl
import os
import socket

# Above the numbers that children get theirs under, so that dup2 in a child clobbers none.
LOWEST = 64


def high(fd: int) -> int:
    """The same open file under a number that `launch` does not give to children.

    A low one is closed; no child inherits it.
    """
    if fd >= LOWEST:
        os.set_inheritable(fd, False)
        return fd
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, LOWEST)
    os.close(fd)
    return copy


def write(fd: int, data: bytes) -> None:
    """Write all of it, which may take several write(2); raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def inherited() -> list[int]:
    """The descriptors above 2 with which we were started.

    What we open ourselves closes when a program is executed, and what our starter left
    open does not.
    """
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.append(int(name))
        except OSError:
            continue  # the listing's own
    return found


def high_socket(sock: socket.socket) -> socket.socket:
    """The same for a socket, which is detached."""
    return socket.socket(fileno=high(sock.detach()))
