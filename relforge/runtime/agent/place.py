"""Where an agent listens: a socket in the run directory that nobody else can have put there."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from .. import trusted_directory
from ..errors import CONFIG, Refusal
from ..paths import SOCKET_PATH_MOST
from ..regular_file import odd
from ..wire.unix import answers
from . import dumps
from .native import POLLIN, poll, socket

_UNIX, _STREAM = 1, 1  # AF_UNIX, SOCK_STREAM
_BACKLOG = 32


def listen(path: str, *, wide: bool) -> socket:
    """Bind under a temporary name and rename: no client ever meets half a socket.

    Whatever has the name, a link for instance, is replaced and never followed.
    ``wide``: other users may connect, and learn who is admitted.  Raises Refusal.
    """
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    _trust(directory)
    temporary = os.path.join(directory, f".{os.getpid():x}")
    if max(len(os.fsencode(path)), len(os.fsencode(temporary))) > SOCKET_PATH_MOST:
        raise Refusal(
            f"{path}: a Unix socket's path may have {SOCKET_PATH_MOST} bytes",
            hint="set RELEASE_RUN_DIR to a shorter directory",
            code=CONFIG,
        )
    listener = socket(_UNIX, _STREAM)
    try:
        remove(temporary)
        listener.bind(temporary)
        # Before anybody can connect, and without touching the process's umask.
        os.chmod(temporary, 0o666 if wide else 0o600)
        listener.listen(_BACKLOG)
        os.rename(temporary, path)
    except IsADirectoryError:
        listener.close()
        remove(temporary)
        raise odd(path, "socket") from None
    except BaseException:
        listener.close()
        raise
    if wide:
        with suppress(OSError):
            os.chmod(directory, stat.S_IMODE(os.stat(directory).st_mode) | 0o055)
    return listener


def is_called(listener: socket, milliseconds: int) -> bool:
    """Whether a client is there, or the listener has ended, within that time."""
    waiting = poll()
    waiting.register(listener, POLLIN)
    return bool(waiting.poll(milliseconds))


def sweep(path: str) -> None:
    """Remove the sockets beside ``path`` whose processes are gone."""
    directory, name = os.path.split(path)
    dumps.sweep(directory)
    stem = name.removesuffix("sock")
    for other in os.listdir(directory):
        if other.startswith(stem) and other.endswith(".sock") and other != name:
            beside = os.path.join(directory, other)
            if not answers(beside):
                remove(beside)


def inode(path: str) -> tuple[int, int] | None:
    """What distinguishes one file of that name from another; None where there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def remove(path: str) -> None:
    """Remove the file, if it is there.

    A process that has become another user does not own the directory: its
    successor replaces the socket.
    """
    with suppress(FileNotFoundError, PermissionError):
        os.unlink(path)


def _trust(directory: str) -> None:
    """As `start` has it: somebody may have changed its mode since."""
    why = trusted_directory.problem(directory, os.geteuid())
    if why:
        raise Refusal(
            f"{directory}: {why}",
            hint=f"chmod go-w '{directory}', or set RELEASE_RUN_DIR to another directory",
            code=CONFIG,
        )
