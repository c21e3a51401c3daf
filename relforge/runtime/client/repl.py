"""The remote console: reads what is typed, shows the answer, follows a process that is replaced."""

from __future__ import annotations

import os
import sys

from .. import protocol as messages
from ..agent import percent
from ..errors import DONE, Refusal
from . import follow, percent_commands
from .connection import Closed, Gone
from .evaluate import LEAVE, MOST
from .remote_session import RemoteSession


class Repl(RemoteSession):
    """Reads and evaluates; goes on with the successor where its process goes away."""

    without: frozenset[str] = frozenset()  # `%` commands
    head = """\
Type Python: expressions, statements, `await` on the application's own loop.
`_` is the last value; modules need no import; `help(x)` documents an object.
Ctrl-C interrupts, a second one abandons the evaluation.
Ctrl-D or `exit()` detaches, Ctrl-Z suspends; Ctrl-R searches the history."""

    def run(self) -> int:
        """Until Ctrl-D (0), or until the application goes away and does not come back (3)."""
        self.front.say(self.banner())
        while True:
            try:
                text = self.front.read(self.client)
            except EOFError:
                break
            except KeyboardInterrupt:
                # At the prompt: what was typed is dropped.
                continue
            except Gone as gone:
                self.follow(gone)
                continue
            if text.strip() in LEAVE:
                break
            try:
                self._take(text)
            except KeyboardInterrupt:
                # Before there was anything to interrupt.
                self.front.say("Interrupted", "error")
            except Gone as gone:
                self.follow(gone)
        if self.farewell:
            self.front.say(self.farewell)
        return DONE

    def _take(self, text: str) -> None:
        line = text.strip()
        if not line:
            return
        if line in ("help", "?", "%help"):
            self.front.say(f"{self.head}\n\n{percent.helped(self.without)}")
        elif line.startswith("%"):
            self._percent(line[1:])
        else:
            self.evaluate(messages.evaluate(text, most=MOST))

    def _percent(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        own = percent_commands.TABLE.get(name)
        if name in self.without:
            self.front.say(f"%{name} is for a remote_console", "error")
        elif own is None:
            self.evaluate(messages.percent(line))
        else:
            try:
                own(self, rest.strip())
            except Refusal as error:
                hint = f"\n  {error.hint}" if error.hint else ""
                self.front.say(error.message + hint, "error")

    def follow(self, gone: Gone) -> None:
        """Reconnect to the process that takes the place of this one; raises Refusal."""
        if isinstance(gone, Closed):
            raise Refusal(f"{self.client.address} closed the console: {gone}", code=DONE)
        before = self.client
        before.close()
        self.front.say(
            f"{before.address} (pid {before.pid}) has ended; Ctrl-C stops waiting for a new one",
            "note",
        )
        self.client = follow.successor(before, self.wanted)
        self.front.say(
            f"replaced: pid {before.pid} by {self.client.pid}, version "
            f"{before.welcome.get('version')} by {self.client.welcome.get('version')}; "
            "the names that you defined are gone",
            "note",
        )


def styled(text: str, style: str) -> str:
    """The text in the colors of a terminal that has some."""
    code = {"error": "31", "note": "2"}.get(style)
    if code is None or not coloured():
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def coloured() -> bool:
    """Whether standard output is a terminal with colors; https://no-color.org."""
    term = os.environ.get("TERM", "dumb")
    return sys.stdout.isatty() and term != "dumb" and not os.environ.get("NO_COLOR")
