"""Questions to the supervisor of the running release."""

from __future__ import annotations

import time

from .. import instance, paths
from ..contract import manifest
from ..errors import FAILED, NO_ANSWER, NOT_RUNNING, Refusal
from ..wire import frames, unix
from ..wire.frames import FrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..instance import Running

WHO = "the supervisor"
_PATIENCE = 4.0  # seconds in which it has made a socket again that was removed


class SocketGone(Refusal):
    """It runs, and nobody can ask it; exit code 5."""


def connect(running: Running, seconds: float) -> unix.Socket:
    """A connection to it; raises Refusal as `unix.dial`, and SocketGone.

    It holds its lock and does not listen: it has not begun to, or its socket was removed, and
    then it listens again soon.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return unix.dial(running.supervisor, WHO, seconds, running.owner)
        except (unix.Absent, NotADirectoryError):
            if not _is_up():
                raise
        if time.monotonic() > deadline:
            raise SocketGone(
                f"it is running (pid {running.pid}), and its control socket is gone: "
                f"{running.supervisor}",
                hint="its log says why it is not made again",
                code=NO_ANSWER,
            )
        time.sleep(0.05)


def _is_up() -> bool:
    """Whether a supervisor holds the lock that has begun to listen before."""
    from ..supervise import lock  # late: only where it does not listen

    place = paths.of(manifest.root())
    if instance.running(place) is None:
        return False
    return bool(lock.read(place.lock).get("operation", "start") != "start")


def ask(running: Running, message: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Its answer; raises Refusal: 3 it is not there, 5 it does not answer in time, 1 it refuses."""
    try:
        with connect(running, seconds) as sock:
            sock.settimeout(seconds)
            frames.send(sock, message)
            answer = frames.receive(sock)
    except TimeoutError:
        raise unix.silent(WHO, seconds) from None
    except (OSError, FrameError) as error:
        raise Refusal(f"{WHO}: {error}", code=FAILED) from None
    if answer is None:
        raise Refusal(f"{WHO} closed the connection", code=NOT_RUNNING)
    if "error" in answer:
        raise Refusal(f"{WHO}: {answer['error']}", code=FAILED)
    return answer
