"""One session of a console: its process, its terminal, and what is evaluated in it."""

from __future__ import annotations

from ..errors import NO_ANSWER, Refusal
from .banner import banner
from .connection import AgentClient
from .evaluate import evaluate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Front(Protocol):
        """Reads from the terminal, and writes to it."""

        def read(self, client: AgentClient) -> str:
            """One input, whole; raises EOFError, KeyboardInterrupt, and Gone of that client."""

        def say(self, text: str, style: str = "") -> None:
            """Print a line of ours; ``style`` is "", "error" or "note"."""

        def columns(self) -> int | None:
            """The width of the terminal; None where values are not to be laid out for it."""


DETACHED = "detached; the application keeps running"


class RemoteSession:
    """``wanted`` is the process as it was typed, so that its successor can be found."""

    farewell = DETACHED

    def __init__(self, client: AgentClient, wanted: str | None, front: Front) -> None:
        self.client = client
        self.wanted = wanted
        self.front = front

    def banner(self) -> str:
        """What it says first."""
        return banner(self.client)

    def move(self, wanted: str, client: AgentClient) -> None:
        """Go on in another process."""
        self.client.close()
        self.client, self.wanted = client, wanted
        self.front.say(banner(client))

    def evaluate(self, message: dict[str, Any]) -> None:
        """Evaluate in the live process, and show the result.

        Raises Refusal where the process does not answer to Ctrl-C.
        """
        columns = self.front.columns()
        if columns is not None:
            message = {**message, "columns": columns}
        try:
            done = evaluate(self.client, message, notice=lambda text: self.front.say(f"\n{text}"))
        except KeyboardInterrupt:
            words = (f"{self.client.address} did not answer to Ctrl-C", self.farewell)
            raise Refusal("; ".join(filter(None, words)), code=NO_ANSWER) from None
        if "repr" in done:
            self.front.say(str(done["repr"]))
        if "left" in done:
            self.front.say(f"... {done['left']} more characters: %more", "note")
        if "error" in done:
            self.front.say(str(done["error"]).rstrip(), "error")
