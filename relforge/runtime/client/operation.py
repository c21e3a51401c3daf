"""Long work that the supervisor is asked for: its progress on stderr, and its result."""

from __future__ import annotations

import sys

from ..errors import NO_ANSWER, Refusal
from ..instance import Running
from ..protocol import supervisor as messages
from ..wire import frames
from ..wire.unix import dial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SECONDS = 5.0  # in which a supervisor that is well takes the connection


def ask(
    running: Running,
    message: dict[str, Any],
    taken: Callable[[], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Send the request, wait as long as it takes, and return the result.

    Where the supervisor says that another version has taken over, ``taken()``
    is called, and what it returns is sent.  Raises Refusal with the
    supervisor's reason, hint and exit status.
    """
    with dial(running.supervisor, "the supervisor", _SECONDS, running.owner) as sock:
        try:
            frames.send(sock, message)
            while (answer := frames.receive(sock)) is not None:
                if messages.TAKEN in answer and taken is not None:
                    frames.send(sock, taken())
                elif not _is_over(answer):
                    continue
                else:
                    return answer
        except (OSError, frames.FrameError) as error:
            raise _cut(str(error)) from None
    raise _cut("it closed the connection")


def show(text: str) -> None:
    """A line of progress; a terminal that has gone away must not end the work."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        return


def _is_over(answer: dict[str, Any]) -> bool:
    """Was this the last message?  Raises Refusal where it says that the work failed."""
    if messages.PROGRESS in answer:
        show(answer[messages.PROGRESS])
        return False
    if messages.CODE not in answer:
        raise Refusal(f"the supervisor: {answer.get('error', 'no answer')}")
    if answer[messages.CODE]:
        raise messages.refusal(answer)
    return True


def _cut(reason: str) -> Refusal:
    return Refusal(
        f"lost the connection to the supervisor: {reason}",
        hint="`status` and `logs supervisor` show the outcome",
        code=NO_ANSWER,
    )
