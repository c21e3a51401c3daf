"""A terminal with a screen: what a user sees, and not the bytes that made it so."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pexpect
import pyte

LONG = 20.0  # seconds for what should take a moment


class Screen(pyte.Screen):
    """pyte's, which answers what a program asks a terminal."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self.answer: Callable[[bytes], None] = lambda data: None

    def write_process_input(self, data: str) -> None:
        self.answer(data.encode())


class Terminal:
    """A program in a terminal of its own."""

    def __init__(
        self,
        program: Path,
        *words: str,
        env: dict[str, str],
        columns: int = 100,
        lines: int = 40,
    ) -> None:
        self.screen = Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.child: pexpect.spawn[bytes] = pexpect.spawn(
            str(program), [*words], env=env, timeout=LONG, dimensions=(lines, columns)
        )
        self.screen.answer = self._send

    def send(self, text: str) -> None:
        """Press these keys."""
        self._send(text.encode())

    def paste(self, text: str) -> None:
        """As a terminal pastes where the program has asked for brackets around it."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def enter(self, text: str) -> None:
        """Type a line."""
        self.send(f"{text}\r")

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def text(self) -> str:
        """The screen, without the blanks at the ends of its lines and below them."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def last(self) -> str:
        """The line that the cursor is in."""
        return str(self.screen.display[self.screen.cursor.y]).rstrip()

    def wait(self, fits: Callable[[], object], what: str) -> None:
        """Until it fits; fails with the screen."""
        deadline = time.monotonic() + LONG
        while not fits():
            assert time.monotonic() < deadline, f"{what} is not on the screen:\n{self.text()}"
            self._feed()

    def see(self, *texts: str) -> None:
        """Wait until all of them stand on the screen."""
        self.wait(lambda: all(text in self.text() for text in texts), repr(texts))

    def prompt(self, prompt: str = "web.1>") -> None:
        """Wait until the program waits for a key at an empty prompt."""
        self.wait(lambda: self.last() == prompt, f"the prompt {prompt!r}")

    def ask(self, text: str, prompt: str = "web.1>") -> str:
        """What stands on a cleared screen between what was typed and the next prompt."""
        self.send("\x0c")
        self.wait(lambda: self.text() == prompt, "a cleared screen")
        self.enter(text)
        self.wait(lambda: self.last() == prompt and self.screen.cursor.y > 0, "the next prompt")
        return "\n".join(self.text().splitlines()[1:-1])

    def end(self) -> int:
        """Its exit status, once it has ended."""
        with suppress(pexpect.EOF):
            while True:
                self._show(self.child.read_nonblocking(65536, int(LONG)))
        self.child.close()
        assert self.child.exitstatus is not None
        return int(self.child.exitstatus)

    def close(self) -> None:
        self.child.close(force=True)

    def _send(self, data: bytes) -> None:
        self.child.send(data)

    def _show(self, data: bytes) -> None:
        self.raw += data
        self._stream.feed(data)

    def _feed(self) -> None:
        try:
            self._show(self.child.read_nonblocking(65536, 0.05))
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            raise AssertionError(f"the program has ended:\n{self.text()}") from None
