"""Standard output by session: what an evaluation prints goes to its own console.

The streams of the process are wrapped once.  A context variable says whose
output it is, so that it follows into tasks of the event loop; without one the
stream is the application's, as before.
"""

from __future__ import annotations

import contextvars
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Protocol

    class Sink(Protocol):
        """Where a session's output goes."""

        def write(self, stream: str, text: str) -> bool:
            """Take the text; False where the session is over."""


refusal = (
    "input() does not work here: the code runs inside the service, but the terminal is the client's"
)
current: contextvars.ContextVar[Sink | None] = contextvars.ContextVar("relforge_sink", default=None)


def install() -> None:
    """Wrap the process's streams; idempotent, and again after somebody replaced them."""
    for name in ("stdout", "stderr"):
        if not isinstance(getattr(sys, name), Routed):
            setattr(sys, name, Routed(getattr(sys, name), name))
    if not isinstance(sys.stdin, NoInput):
        setattr(sys, "stdin", NoInput(sys.stdin))  # noqa: B010 - no subclass of TextIO


class Routed:
    """A text stream that asks at each call whose output it is."""

    def __init__(self, original: Any, name: str) -> None:
        self._original = original
        self._name = name

    def write(self, text: str) -> int:
        sink = current.get()
        if sink is not None:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            if sink.write(self._name, text):
                return len(text)
        return int(self._original.write(text)) if self._original is not None else len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if current.get() is None and self._original is not None:
            self._original.flush()

    def isatty(self) -> bool:
        return current.get() is None and self._original is not None and self._original.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class NoInput:
    """Standard input that refuses to be read by an evaluation."""

    def __init__(self, original: Any) -> None:
        self._original = original

    def readline(self, *args: int) -> str:
        return str(self._own("readline")(*args))

    def read(self, *args: int) -> str:
        return str(self._own("read")(*args))

    def fileno(self) -> int:
        return int(self._own("fileno")())

    def __iter__(self) -> Any:
        return iter(self._own("readline"), "")

    def close(self) -> None:
        # `exit()` closes standard input before it raises.
        if current.get() is None and self._original is not None:
            self._original.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def _own(self, name: str) -> Any:
        if current.get() is not None:
            raise RuntimeError(refusal)
        return getattr(self._original, name)
