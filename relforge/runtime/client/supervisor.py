"""Questions to the supervisor of the running release."""

from __future__ import annotations

from ..errors import FAILED, NOT_RUNNING, Refusal
from ..wire import unix
from ..wire.frames import FrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..instance import Running

WHO = "the supervisor"


def ask(running: Running, message: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Its answer; raises Refusal: 3 it is not there, 5 it does not answer in time, 1 it refuses."""
    try:
        answer = unix.ask(running.supervisor, WHO, message, seconds, running.owner)
    except (OSError, FrameError) as error:
        raise Refusal(f"{WHO}: {error}", code=FAILED) from None
    if answer is None:
        raise Refusal(f"{WHO} closed the connection", code=NOT_RUNNING)
    if "error" in answer:
        raise Refusal(f"{WHO}: {answer['error']}", code=FAILED)
    return answer
