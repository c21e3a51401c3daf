"""Unix sockets of a release: connecting, one question, and who is at the other end.

Each way in which that fails has its message and its exit code.
"""

from __future__ import annotations

import _socket
import os
import sys
import time

from ..errors import FAILED, NO_ANSWER, NOT_RUNNING, Refusal
from . import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_QUEUE_FULL = 0.02  # seconds until the next try


class Absent(Refusal):
    """The process is not there, or may be starting; exit code 3."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=NOT_RUNNING)


class Socket(_socket.socket):
    """A socket without the module `socket`, whose import takes as long as the rest of a command."""

    __slots__ = ()

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def dial(path: str, who: str, seconds: float, owner: int | None = None) -> Socket:
    """Connect to a Unix socket; raises Refusal for each reason with its own exit code.

    A process that hangs is not one that is down: TimeoutError is an OSError too.
    ``owner`` is the user to whom the release belongs, None for the caller: nothing is sent
    to, and nothing believed of, a process of another user but root.
    """
    sock = Socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    sock.settimeout(seconds)
    try:
        _connect(sock, path, time.monotonic() + seconds)
    except TimeoutError:
        sock.close()
        raise silent(who, seconds) from None
    except PermissionError:
        sock.close()
        raise not_allowed(path if os.access(path, os.F_OK) else os.path.dirname(path)) from None
    except (FileNotFoundError, ConnectionRefusedError):
        sock.close()
        raise Absent(f"{who} is not running at the moment") from None
    sock.settimeout(None)
    _check_peer(sock, path, os.geteuid() if owner is None else owner)
    return sock


def _connect(sock: Socket, path: str, deadline: float) -> None:
    """Connect; where the queue of the listener is full, unix(7) refuses at once: wait for it."""
    while True:
        try:
            return sock.connect(path)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError from None
            time.sleep(_QUEUE_FULL)


def ask(
    path: str, who: str, message: dict[str, Any], seconds: float, owner: int | None = None
) -> dict[str, Any] | None:
    """One question and its answer; None where the connection ends before it.

    Raises Refusal as `dial`, also where the answer takes too long; OSError; FrameError.
    """
    with dial(path, who, seconds, owner) as sock:
        sock.settimeout(seconds)
        try:
            frames.send(sock, message)
            return frames.receive(sock)
        except TimeoutError:
            raise silent(who, seconds) from None


def answers(path: str) -> bool:
    """Whether some process listens there."""
    with Socket(_socket.AF_UNIX, _socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:
            return True  # its queue is full
        except OSError:
            return False
    return True


def credentials(sock: _socket.socket) -> tuple[int, int, int]:
    """Process, user and group at the other end, as the kernel knows them: SO_PEERCRED."""
    raw = sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    pid, uid, gid = (int.from_bytes(raw[at : at + 4], sys.byteorder) for at in (0, 4, 8))
    return pid, uid, gid


def _check_peer(sock: _socket.socket, path: str, owner: int) -> None:
    """Raise Refusal where the process that listens there is a stranger's.

    unix(7): of a connected socket the credentials are those of listen(2), and
    known although nobody has accepted yet.
    """
    _, uid, _ = credentials(sock)
    if uid not in (0, owner):
        sock.close()
        raise Refusal(
            f"{path}: refusing to connect: uid {uid} listens there, not the user of this release",
            hint="another user can write to that directory: set RELEASE_RUN_DIR to your own "
            "directory",
        )


def silent(who: str, seconds: float) -> Refusal:
    """The error for a process that is there and says nothing."""
    hint = "the process is stopped, or C code holds the interpreter lock"
    if " " not in who:
        name = os.environ.get("RELEASE_NAME", "app")
        hint += f"; `{name} stacks {who} --signal` still shows its stacks"
    return Refusal(
        f"{who} is running, but does not answer within {seconds:g}s", hint=hint, code=NO_ANSWER
    )


def not_allowed(path: str) -> Refusal:
    """The error for a file or directory that belongs to another user."""
    import pwd

    name = os.environ.get("RELEASE_NAME", "app")
    try:
        owner = os.stat(path).st_uid
    except OSError:
        return Refusal(f"{path}: permission denied (uid {os.geteuid()})", code=FAILED)
    try:
        user = pwd.getpwuid(owner).pw_name
    except KeyError:
        user = f"#{owner}"
    return Refusal(
        f"{path}: permission denied: {name} belongs to user {user}, you are uid {os.geteuid()}",
        hint=f"run it as that user: sudo -u '{user}' {_launcher(name)} ...",
        code=FAILED,
    )


def _launcher(name: str) -> str:
    """What to type, as it is found from any directory and any PATH."""
    root = os.environ.get("RELEASE_ROOT")
    return os.path.join(root, "bin", name) if root else name
