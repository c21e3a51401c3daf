"""A ``Procfile``: which processes a project already says it consists of."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from relforge.project.init.applications import Application

FILE = "Procfile"
WEB, RELEASE = "web", "release"
_LINE = re.compile(r"\s*([A-Za-z0-9_-]+):\s*(\S.*?)\s*")
_SHELL = re.compile(r"[$`|&;<>()*?\[\]{}~#!]")  # what needs a shell to be read
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(\))?")
_NAME = re.compile(r"[^a-z0-9_-]+")
SERVERS = ("gunicorn", "hypercorn", "uvicorn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One line; ``words`` are what an `exec` service has."""

    name: str
    command: str
    words: tuple[str, ...]


def find(root: Path) -> tuple[Program, ...]:
    """Its lines, in their order; none where there is no such file, or it is not text."""
    try:
        lines = (root / FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    found = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match and not line.lstrip().startswith("#"):
            name = _NAME.sub("-", match[1].lower()).strip("-_0123456789")
            if name:
                found[name] = Program(name=name, command=match[2], words=_words(match[2]))
    return tuple(found.values())


def server(programs: tuple[Program, ...]) -> str:
    """The server that the line of `web` starts; "" for another one, or none."""
    words = _split(next((row.command for row in programs if row.name == WEB), ""))
    return words[0] if words and words[0] in SERVERS else ""


def web(programs: tuple[Program, ...]) -> Application | None:
    """What that server is told to serve."""
    words = _split(next((row.command for row in programs if row.name == WEB), ""))
    if not server(programs):
        return None
    target = next((word for word in words[1:] if _TARGET.fullmatch(word)), "")
    if not target:
        return None
    wsgi = words[0] == "gunicorn" and "uvicorn" not in " ".join(words)
    return Application(
        framework=f"{FILE}'s web",
        interface="wsgi" if wsgi else "asgi",
        target=target.removesuffix("()"),
        path=FILE,
        factory=target.endswith("()") or "--factory" in words,
    )


def _words(command: str) -> tuple[str, ...]:
    words = _split(command)
    if words and not _SHELL.search(command) and "=" not in words[0]:
        return tuple(words)
    # A reference of relforge's own begins with ${, and this is the shell's.
    env = "env " if words and "=" in words[0] else ""
    return ("sh", "-c", f"exec {env}{command}".replace("${", "$${"))


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quotation that does not end
        return []
