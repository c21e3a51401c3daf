"""The console's line editing, by prompt_toolkit; the one module of the runtime that needs it.

The library is in the release beside the runtime, where only this client adds
it to the path: the application may have another version of its own.
"""

from __future__ import annotations

import asyncio
import re
import sys
from threading import Lock

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, ThreadedCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, has_selection, is_searching
from prompt_toolkit.history import History, ThreadedHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.styles import Style

from .. import protocol as messages
from .. import screen
from ..agent import percent, source
from ..errors import Refusal
from ..untrusted_text import harmless
from . import history, repl
from .colours import STYLE, Python
from .connection import AgentClient, Gone
from .evaluate import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

WITHIN = 0.5  # seconds for the live objects to be looked at
_ANSWER = 2.0  # seconds for the process to answer at all
_NAME = re.compile(r"[^\W\d]?[\w.]*$")
_INDENT = "    "


class Terminal:
    """Edits lines; notices when the process goes away while nothing runs."""

    def __init__(self, path: str | None) -> None:
        self._typed = ""
        self._completer = Live()
        self._session: PromptSession[str] = PromptSession(
            multiline=True,
            prompt_continuation=lambda width, number, wrapped: "... ".rjust(width),
            history=ThreadedHistory(Kept(path)),
            completer=ThreadedCompleter(self._completer),
            complete_while_typing=False,
            enable_suspend=True,
            key_bindings=_keys(),
            lexer=Python(),
            style=Style(STYLE if repl.coloured() else []),
            search_ignore_case=True,
            tempfile_suffix=".py",
        )

    def read(self, client: AgentClient) -> str:
        self._completer.client = client
        watch = Watch(client, self._completer.lock)
        default, self._typed = self._typed, ""
        try:
            text = self._session.prompt(
                [("class:prompt", client.prompt)], default=default, pre_run=watch.start
            )
        except Gone:
            self._typed = self._session.default_buffer.text
            raise
        # A completion that is under way reads from the same connection.
        with self._completer.lock:
            return text

    def say(self, text: str, style: str = "") -> None:
        screen.draw(sys.stdout, repl.styled(harmless(text), style) + "\n")

    def columns(self) -> int | None:
        return self._session.output.get_size().columns


class Watch:
    """What the process says while nobody has asked: output of tasks, or that it goes."""

    def __init__(self, client: AgentClient, lock: Lock) -> None:
        self._client = client
        self._lock = lock

    def start(self) -> None:
        """Called in the prompt's own loop, which ends with the prompt."""
        asyncio.get_running_loop().add_reader(self._client.fileno(), self._look)

    def _look(self) -> None:
        if not self._lock.acquire(blocking=False):
            return  # a completion is under way, and takes what comes
        try:
            if not self._client.readable(0):
                return
            message = self._client.receive()
        except Gone as gone:
            asyncio.get_running_loop().remove_reader(self._client.fileno())
            app = get_app()
            if app.is_running:
                app.exit(exception=gone)
            return
        finally:
            self._lock.release()
        if message.get("op") == messages.OUT:
            run_in_terminal(lambda: show(message))


class Live(Completer):
    """Completes from the live objects, in time or not at all."""

    def __init__(self) -> None:
        self.client: AgentClient | None = None
        self.lock = Lock()

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        if document.text.startswith("%") and " " not in before:
            for name in percent.TABLE:
                if name.startswith(before[1:]):
                    yield Completion(f"%{name}", -len(before), display_meta=percent.TABLE[name][2])
            return
        match = _NAME.search(before)
        text = match[0] if match else ""
        for item in self._ask(text):
            # In the menu the last word alone: the rest stands before the cursor.
            yield Completion(item, -len(text), display=item.rpartition(".")[2] or item)

    def _ask(self, text: str) -> list[str]:
        with self.lock:
            if self.client is None:
                return []
            try:
                answer = self.client.request(seconds=_ANSWER, **messages.complete(text, WITHIN))
            except (Gone, Refusal):
                return []
        items: list[str] = answer["items"]
        return items


class Kept(History):
    """The history of `client.history`."""

    def __init__(self, path: str | None) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        return history.load(self._path)

    def store_string(self, string: str) -> None:
        history.append(self._path, string)


def whole(document: Document) -> bool:
    """Is Enter the end of the input here?

    A compound statement ends with an empty line, as at Python's own prompt.
    """
    text = document.text
    if not text.strip() or text.lstrip().startswith("%"):
        return True
    if document.line_count > 1 and not document.is_cursor_at_the_end:
        return False
    last = document.lines[-1]
    ended = text.rstrip() + "\n" if document.line_count > 1 and not last.strip() else text
    return source.complete(ended)


def indent(line: str) -> str:
    """What the line after this one begins with."""
    blank = line[: len(line) - len(line.lstrip())]
    if line.rstrip().endswith(":"):
        return blank + _INDENT
    words = line.split()
    ends = words and words[0] in ("return", "raise", "pass", "break", "continue")
    return blank[: -len(_INDENT)] if ends else blank


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @Condition
    def at_indent() -> bool:
        before = get_app().current_buffer.document.current_line_before_cursor
        return not before.strip()

    @keys.add("enter", filter=~is_searching)
    def enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        state = buffer.complete_state
        if state is not None and state.current_completion is not None:
            buffer.complete_state = None  # it is in the text already
        elif whole(buffer.document):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n" + indent(buffer.document.current_line_before_cursor))

    @keys.add("tab", filter=at_indent & ~has_selection)
    def tab(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(_INDENT)

    return keys
