"""Standard output and errors of a command where they are terminals: no text acts on them.

What a process has printed, answered or called itself is shown, and only what
we `draw` moves the cursor.  Into a pipe or a file everything goes as it is.
"""

from __future__ import annotations

import sys

from .untrusted_text import harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TextIO


class Screen:
    """A text stream whose text is `harmless`; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(harmless(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for text in lines:
            self.write(text)

    def draw(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guard() -> None:
    """From now on; idempotent.  A stream may have been closed when we were started."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Screen) and stream.isatty():
            setattr(sys, name, Screen(stream))


def draw(stream: TextIO, text: str) -> None:
    """Write our own control sequences, with text that is harmless already."""
    if isinstance(stream, Screen):
        stream.draw(text)
    else:
        stream.write(text)
        stream.flush()
