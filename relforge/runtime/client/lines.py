"""Line editing with the standard library's readline: history and completion."""

from __future__ import annotations

from . import history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_DELIMITERS = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"


class Lines:
    """Reads lines from the terminal; a Python without readline has neither history nor TAB."""

    def __init__(self, kept: str | None, complete: Callable[[str], list[str]]) -> None:
        self._kept = kept
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
        for text in reversed([*history.load(kept)]):
            if "\n" not in text:
                readline.add_history(text)

    def read(self, prompt: str) -> str:
        """One line; raises EOFError and KeyboardInterrupt as ``input`` does."""
        line = input(prompt)
        history.append(self._kept, line)
        return line

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
