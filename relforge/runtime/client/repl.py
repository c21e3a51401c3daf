"""The remote console at a terminal."""

from __future__ import annotations

import os
import sys

from ..errors import DONE, NO_ANSWER, NOT_RUNNING, Refusal
from .connection import Client, Gone
from .evaluate import LEAVE, Interrupts, evaluate
from .lines import Lines

DETACHED = "detached; the application keeps running"


class Repl:
    """Reads, checks, evaluates, prints; everything else happens in the service."""

    def __init__(self, client: Client, history: str | None) -> None:
        self._client = client
        self._lines = Lines(history, self._complete)
        self._typed: list[str] = []

    def run(self) -> int:
        """Until Ctrl-D (0), or until the application goes away (3)."""
        print(banner(self._client), flush=True)
        try:
            while self._turn():
                pass
        except Gone:
            print("the application went away", file=sys.stderr)
            return NOT_RUNNING
        finally:
            self._lines.close()
        print(DETACHED)
        return DONE

    def _turn(self) -> bool:
        """One line of input; False at the end."""
        try:
            line = self._lines.read("... " if self._typed else f"{self._client.address}> ")
            if not self._typed and line.strip() in LEAVE:
                return False
            if self._typed or line.strip():
                self._take(line)
        except EOFError:
            print()
            return False
        except KeyboardInterrupt:
            # At the prompt: what was typed is dropped.
            print()
            self._typed.clear()
        return True

    def _take(self, line: str) -> None:
        self._typed.append(line)
        source = "\n".join(self._typed)
        with Interrupts(self._client):
            if not self._client.request("check", source=source)["complete"]:
                return
        self._typed.clear()
        try:
            done = evaluate(
                self._client,
                {"op": "eval", "source": source},
                notice=lambda text: print(f"\n{text}", file=sys.stderr),
            )
        except KeyboardInterrupt:
            raise Refusal(
                f"{self._client.address} did not answer to Ctrl-C; {DETACHED}", code=NO_ANSWER
            ) from None
        if "repr" in done:
            print(done["repr"])
        elif "error" in done:
            print(str(done["error"]).rstrip(), file=sys.stderr)

    def _complete(self, text: str) -> list[str]:
        try:
            with Interrupts(self._client):
                items: list[str] = self._client.request("complete", 2, text=text)["items"]
        except (Gone, Refusal):
            return []
        return items


def banner(client: Client) -> str:
    """Who is at the other end, and how to leave."""
    said, address = client.welcome, client.address
    release = f"{said.get('name')} {said.get('version')}"
    lines = [
        f"{release}: {address}, pid {said.get('pid')}, Python {said.get('python')}",
        "Ctrl-C interrupts an evaluation, Ctrl-D detaches.",
    ]
    if address.others:
        name = os.environ.get("RELEASE_NAME", "app")
        others = ", ".join(address.others)
        lines.append(f"Also running: {others} (`{name} remote_console {address.others[0]}`)")
    return "\n".join(lines)
