"""One listening socket of a service: kept, closed to newcomers, retired."""

from __future__ import annotations

import os
import socket
import stat
import struct
from array import array

from ..wire.descriptors import high_socket
from .addresses import shown
from .systemd import Manager

_SO_ATTACH_FILTER = 26  # socket(7); not in the module socket
_BPF_RET = 0x06


class Listener:
    """``address`` is as people write it, with the real port; ``path`` is a Unix socket's own."""

    def __init__(self, sock: socket.socket, path: str | None = None, *, lent: bool = False) -> None:
        self.sock = high_socket(sock)
        self.path = path
        self.lent = lent  # systemd's own: it goes on listening when we end
        self.text: str | None = None  # the setting that it was opened for; None: found by name
        self.address = shown(self.sock)
        self._keeper: Manager | None = None  # it has a copy for the supervisor after us

    def keep(self, manager: Manager) -> None:
        """Leave a copy with the manager, if it is not its own anyway; idempotent."""
        if not self.lent and self._keeper is None:
            self._keeper = manager
            manager.store(self.address, self.sock)

    def close(self) -> None:
        """Let nobody else in; the processes that hold a copy still accept who is in already.

        Where the manager has a copy, those who come wait for the next supervisor.
        """
        kept = self.lent or self._keeper is not None
        if not kept and self.path is None and self.sock.fileno() >= 0:
            _deafen(self.sock)
        self.sock.close()
        if self.path is not None and not kept:
            unlink(self.path)

    def retire(self) -> None:
        """Close it for good: nobody is to listen there any more."""
        if self._keeper is not None:
            self._keeper.discard(self.address)
            self._keeper = None
        self.close()


def unlink(path: str) -> None:
    """Remove a Unix socket's name, and nothing but a socket."""
    try:
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)
    except OSError:
        return  # gone, or not ours to remove: bind fails then


def _deafen(sock: socket.socket) -> None:
    """Drop connection requests from now on, despite copies elsewhere, without a loss in the queue.

    Closing alone resets those who come between a server's last accept and its
    close.  Who is dropped here tries again, and is refused once all is closed.
    """
    code = array("Q", struct.pack("HBBI", _BPF_RET, 0, 0, 0))  # struct sock_filter: keep 0 bytes
    program = struct.pack("HP", len(code), code.buffer_info()[0])  # struct sock_fprog
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    except OSError:
        return  # a sandbox without filters: closing has to do
