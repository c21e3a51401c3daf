"""A ``Procfile``: which processes a project already says it consists of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relforge.project.init import server_lines, shell_lines
from relforge.project.init.server_lines import ServerLine
from relforge.project.init.shell_lines import Line, Words

FILE = "Procfile"
WEB, RELEASE = "web", "release"
_LINE = re.compile(r"\s*([A-Za-z0-9_-]+):\s*(\S.*?)\s*")
_NAME = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One line; ``number`` is where it stands in the file."""

    name: str
    line: Line
    number: int

    @property
    def server(self) -> ServerLine | None:
        """What it asks of a server, None where it starts another program."""
        return server_lines.read(self.line.main) if self.line.main else None

    @property
    def words(self) -> tuple[str, ...]:
        """What an `exec` service has."""
        main = self.line.main
        if main is None:
            return shell_lines.by_shell(self.line.text)
        return exec_words(main)


def read(text: str) -> tuple[Program, ...]:
    """Its lines, in their order."""
    found = {}
    for number, row in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(row)
        if match and not row.lstrip().startswith("#"):
            name = _NAME.sub("-", match[1].lower()).strip("-_0123456789")
            if name:
                line = shell_lines.parse(match[2])
                found[name] = Program(name=name, line=line, number=number)
    return tuple(found.values())


def exec_words(row: Words) -> tuple[str, ...]:
    """The words of one command, with the configured port; by a shell where one has to read them."""
    return shell_lines.shell_words(row) if row.needs_shell else shell_lines.put_port(row.words)
