"""A Unix socket of the supervisor's own, in the run directory."""

from __future__ import annotations

import errno
import os
import socket

from ..errors import CONFIG, Refusal
from ..regular_file import odd


def bind(path: str, kind: int) -> socket.socket:
    """One that does not block, and that other users cannot reach; raises Refusal.

    A socket that nobody listens on has been removed before: what is in the way is none.
    """
    sock = socket.socket(socket.AF_UNIX, kind)
    try:
        sock.setblocking(False)
        sock.bind(path)
        os.chmod(path, 0o600)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise odd(path, "socket") from None
        raise Refusal(f"{path}: {error.strerror}", code=CONFIG) from None
    return sock
