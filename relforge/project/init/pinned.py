"""When somebody last changed the versions that a file of requirements pins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relforge.project import git
from relforge.project.init import reading
from relforge.project.init.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class Pinned:
    """A file that pins every version, and when somebody last changed it."""

    file: str
    when: int


def pinned_at(file: str, text: str, when: int | None) -> Pinned | None:
    """What a file of requirements pins, if that is every version of it."""
    rows = [row for row in text.splitlines() if re.match(r"[A-Za-z0-9]", row)]
    exact = sum("==" in row for row in rows)
    return Pinned(file, when) if when and rows and exact >= 0.9 * len(rows) else None


def changed_at(root: Path, file: str) -> int | None:
    """When half of a file's lines were as they are, by git."""
    blamed = git.output(root, "blame", "--line-porcelain", "--", file)
    times = sorted(int(row) for row in re.findall(r"^committer-time (\d+)$", blamed or "", re.M))
    return times[len(times) // 2] if times else None


def find(root: Path, asked: Dependencies, changed: Callable[[str], int | None]) -> Pinned | None:
    """When the file of requirements was changed last, if it pins every version."""
    texts = {name: reading.text(root / name) for name in asked.files if name.endswith(".txt")}
    name = max(texts, key=lambda row: texts[row].count("=="), default="")
    if not name:
        return None
    return pinned_at(name, texts[name], changed(name))
