"""Line editing with the standard library's readline: history and completion."""

from __future__ import annotations

import os
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MOST_HISTORY = 2000
_DELIMITERS = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"


class Lines:
    """Reads lines from the terminal; a Python without readline has neither history nor TAB."""

    def __init__(self, history: str | None, complete: Callable[[str], list[str]]) -> None:
        self._history = history
        self._complete = complete
        self._found: list[str] = []
        try:
            import readline
        except ImportError:
            self._readline = None
            return
        self._readline = readline
        readline.set_completer_delims(_DELIMITERS)
        readline.set_completer(self._next)
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
        if history is not None:
            # There may be none yet, or it is not ours to read.
            with suppress(OSError):
                readline.read_history_file(history)

    def read(self, prompt: str) -> str:
        """One line; raises EOFError and KeyboardInterrupt as ``input`` does."""
        return input(prompt)

    def close(self) -> None:
        """Keep the history; a folder that cannot be written keeps none."""
        if self._readline is None or self._history is None:
            return
        with suppress(OSError):
            # 0600 from the start: people type secrets.
            os.close(os.open(self._history, os.O_CREAT | os.O_WRONLY, 0o600))
            self._readline.set_history_length(MOST_HISTORY)
            self._readline.write_history_file(self._history)

    def _next(self, text: str, state: int) -> str | None:
        if self._readline is None:
            return None
        if state == 0:
            if not self._readline.get_line_buffer().strip():
                # TAB at the start of a line indents.
                self._found = ["    "]
            else:
                self._found = self._complete(text)
        return self._found[state] if state < len(self._found) else None
