"""On which line a TOML document sets each key.

`tomllib` has no positions; this scanner follows only keys, strings and
brackets, over a text that `tomllib` has accepted.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    Path = tuple[str, ...]

_BARE_END = " \t\r\n.=]}"


def of(text: str) -> dict[tuple[str, ...], int]:
    """The line of each key, by its path; of tables that their headers open, too.

    Keys inside arrays are left out: a list is one value.
    """
    scanner = _Scanner(text)
    with suppress(IndexError, ValueError):  # no TOML after all; what was found is right
        scanner.document()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n") + "\n"
        self.at = 0
        self.found: dict[Path, int] = {}
        self.depth = 0  # of arrays around us
        self._counted = (0, 1)

    def document(self) -> None:
        table: Path = ()
        while self.more():
            if self.text[self.at] == "[":
                line = self.line()
                many = self.text.startswith("[[", self.at)
                self.at += 2 if many else 1
                table = self.key()
                self.found.setdefault(table, line)
                self.at = self.text.index("]", self.at) + (2 if many else 1)
            else:
                self.pair(table)

    def more(self) -> bool:
        self.blank()
        return self.at < len(self.text)

    def pair(self, table: Path) -> None:
        line = self.line()
        path = (*table, *self.key())
        if not self.depth:
            self.found.setdefault(path, line)
        self.at += 1  # the equals sign, where `key` stops
        self.value(path)

    def value(self, path: Path) -> None:
        self.space()
        first = self.text[self.at]
        if first in "\"'":
            self.string()
        elif first == "[":
            self.at += 1
            self.depth += 1
            self.items(path, "]")
            self.depth -= 1
        elif first == "{":
            self.at += 1
            self.items(path, "}")
        else:
            while self.text[self.at] not in ",]}#\n":
                self.at += 1

    def items(self, path: Path, end: str) -> None:
        while True:
            self.blank()
            if self.text[self.at] == end:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            elif end == "}":
                self.pair(path)
            else:
                self.value(path)

    def key(self) -> Path:
        """The names of a dotted key; stops at the ``=`` or ``]`` behind it."""
        names = []
        while True:
            self.space()
            if self.text[self.at] in "\"'":
                names.append(self.string())
            else:
                start = self.at
                while self.text[self.at] not in _BARE_END:
                    self.at += 1
                names.append(self.text[start : self.at])
            self.space()
            if self.text[self.at] != ".":
                return tuple(names)
            self.at += 1

    def string(self) -> str:
        start, quote = self.at, self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(mark)
        while not self.text.startswith(mark, self.at):
            if self.at >= len(self.text):
                raise IndexError
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(mark)
        while len(mark) == 3 and self.text[self.at] == quote:  # a quote before the closing three
            self.at += 1
        raw = self.text[start : self.at]
        if len(mark) == 3 or "\\" not in raw:
            return raw[len(mark) : -len(mark)]
        return str(tomllib.loads(f"k = {raw}")["k"])

    def blank(self) -> None:
        """Go over space, line ends and comments."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                self.at = self.text.index("\n", self.at)
            if self.text[self.at] not in " \t\n":
                return
            self.at += 1

    def space(self) -> None:
        while self.text[self.at] in " \t":
            self.at += 1

    def line(self) -> int:
        at, line = self._counted
        line += self.text.count("\n", at, self.at)
        self._counted = (self.at, line)
        return line
