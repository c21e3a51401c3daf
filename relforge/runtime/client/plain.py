"""The console without any feature of a terminal: `--plain`, ``TERM=dumb``."""

from __future__ import annotations

from ..agent import source
from .connection import AgentClient


class Plain:
    """Reads lines until they are complete."""

    def read(self, client: AgentClient) -> str:
        lines: list[str] = []
        try:
            while True:
                lines.append(input("... " if lines else client.prompt))
                text = "\n".join(lines)
                if text.lstrip().startswith("%") or source.complete(text):
                    return text
        except (KeyboardInterrupt, EOFError):
            print()
            raise

    def say(self, text: str, style: str = "") -> None:
        print(text, flush=True)

    def columns(self) -> int | None:
        return None
