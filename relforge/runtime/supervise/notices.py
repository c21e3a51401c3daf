"""What the processes of services say of themselves: the receiving end of sd_notify(3)."""

from __future__ import annotations

import os
import socket
import struct

from ..procfs import parent
from . import private_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

_CREDENTIALS = struct.Struct("iII")  # struct ucred, unix(7)
_LONGEST = 1 << 14
_AUDIT = "AUDIT="  # what `agent.audit` begins with


class Notices:
    """A datagram socket; the kernel vouches for who sent what."""

    def __init__(self, path: str, audited: Callable[[int, str], None]) -> None:
        """``audited(uid, text)`` takes what is meant for the audit, with the sender's user.

        Raises Refusal.
        """
        self._audited = audited
        self.path = path
        self.sock = private_socket.bind(path, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    @classmethod
    def adopt(cls, path: str, fd: int, audited: Callable[[int, str], None]) -> Notices:
        """The one that another supervisor has opened."""
        found = cls.__new__(cls)
        found._audited = audited
        found.path = path
        found.sock = socket.socket(fileno=fd)
        return found

    def receive(self) -> tuple[int, dict[str, str]] | None:
        """The next notice as sender and fields, or None where there is none."""
        try:
            data, ancillary, _, _ = self.sock.recvmsg(
                _LONGEST, socket.CMSG_SPACE(_CREDENTIALS.size)
            )
        except OSError:
            return None
        pid, uid = 0, -1
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid, uid, _ = _CREDENTIALS.unpack(content[: _CREDENTIALS.size])
        text = data.decode(errors="replace")
        if text.startswith(_AUDIT):
            self._audited(uid, text.removeprefix(_AUDIT))
            return pid, {}
        lines = (line.partition("=") for line in text.split("\n"))
        return pid, {key: value for key, _, value in lines}

    def close(self) -> None:
        self.sock.close()
        try:
            os.unlink(self.path)
        except OSError:
            return


def sender(pid: int, known: Container[int]) -> int | None:
    """Which of the ``known`` processes is ``pid``, its group's leader, or an ancestor of it."""
    if pid in known:
        return pid
    try:
        group = os.getpgid(pid)
    except ProcessLookupError:
        return None
    if group in known:
        return group
    for _ in range(32):
        pid = parent(pid)
        if pid in known:
            return pid
        if pid <= 1:
            return None
    return None
