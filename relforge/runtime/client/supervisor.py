"""Questions to the supervisor of the running release."""

from __future__ import annotations

from ..errors import FAILED, NOT_RUNNING, Refusal
from ..instance import Running
from ..wire import frames
from ..wire.dial import dial, silent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WHO = "the supervisor"


def ask(running: Running, op: str, seconds: float) -> dict[str, Any]:
    """Its answer; raises Refusal: 3 it is not there, 5 it does not answer in time, 1 it refuses."""
    sock = dial(running.supervisor, WHO, seconds)
    sock.settimeout(seconds)
    try:
        frames.send(sock, {"op": op})
        answer = frames.receive(sock)
    except TimeoutError:
        raise silent(WHO, seconds) from None
    except (OSError, frames.FrameError) as error:
        raise Refusal(f"{WHO}: {error}", code=FAILED) from None
    finally:
        sock.close()
    if answer is None:
        raise Refusal(f"{WHO} closed the connection", code=NOT_RUNNING)
    if "error" in answer:
        raise Refusal(f"{WHO}: {answer['error']}", code=FAILED)
    return answer
