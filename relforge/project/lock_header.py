"""What a lock that relforge wrote says of itself: from which requirements, and how it read then.

Its second line holds two digests.  With the first `relforge lock` knows without
resolving that nothing changed, the second shows that a lock was edited since.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from relforge import cache

HEAD = "# Written by `relforge lock`; do not edit.\n"
LINE = re.compile(r"^# requirements ([0-9a-f]{32}), contents ([0-9a-f]{32})\r?\n", re.MULTILINE)

ADVICE = "run: relforge lock"
# What uv, pip-tools and others write into the head of what they make.
COMMAND = re.compile(r"^#\s+((?:uv|pip-compile|pdm|poetry|pipenv) \S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seal:
    """What was found in a lock: the key of its requirements, and whether it is as written."""

    requirements: str
    intact: bool


def seal(body: str, requirements: str) -> str:
    """The lock's whole text."""
    return f"{HEAD}# requirements {requirements}, contents {cache.key(body)}\n{body}"


def find(text: str) -> Seal | None:
    """The seal of a lock; None for one that another tool wrote."""
    line = LINE.search(text)
    if line is None:
        return None
    body = text[line.end() :]
    return Seal(requirements=line[1], intact=line[2] == cache.key(body.replace("\r\n", "\n")))


def read(path: Path) -> Seal | None:
    """The seal of the lock in that file; None for one that another tool wrote, or for none."""
    try:
        return find(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def advice(path: Path) -> str:
    """The command that makes a lock again: relforge's, or that of the tool that wrote it."""
    if not path.is_file() or read(path) is not None:
        return ADVICE
    found = COMMAND.search(path.read_text(encoding="utf-8", errors="replace"))
    if found is not None:
        return f"run: {found[1].strip()}"
    return f"run: relforge lock -o {path.name}   (it replaces the file, which another tool wrote)"
