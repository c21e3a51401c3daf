"""Long work that the supervisor is asked for: its progress on stderr, and its result."""

from __future__ import annotations

import sys

from .. import frames
from ..errors import FAILED, NO_ANSWER, Refusal
from .connection import dial
from .find import Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

_SECONDS = 5.0  # in which a supervisor that is well takes the request


def ask(running: Running, message: dict[str, Any]) -> dict[str, Any]:
    """Send the request, wait as long as it takes, and return the result.

    Raises Refusal with the supervisor's reason, hint and exit status.
    """
    with dial(running.supervisor, "the supervisor", _SECONDS) as sock:
        return follow(sock, message)


def follow(sock: socket.socket, message: dict[str, Any]) -> dict[str, Any]:
    """The same on a connection that stays open."""
    try:
        frames.send(sock, message)
        while (answer := frames.receive(sock)) is not None:
            if "progress" in answer:
                print(answer["progress"], file=sys.stderr, flush=True)
            elif "code" not in answer:
                raise Refusal(f"the supervisor: {answer.get('error', 'no answer')}")
            elif answer["code"]:
                raise _refusal(answer)
            else:
                return answer
    except (OSError, frames.FrameError) as error:
        raise Refusal(f"the supervisor: {error}", code=FAILED) from None
    raise Refusal(
        "the supervisor has closed the connection before it was done",
        hint="`status` and `logs supervisor` tell what became of it",
        code=NO_ANSWER,
    )


def _refusal(answer: dict[str, Any]) -> Refusal:
    lines = [f"  | {line}" for line in answer.get("tail", ())]
    message = answer["failed"] + (", its last lines:" if lines else "")
    return Refusal("\n".join([message, *lines]), hint=answer.get("hint", ""), code=answer["code"])
