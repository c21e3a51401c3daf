"""The sockets of a process's agents: those of one that has no place yet have another name."""

from __future__ import annotations

import os
from contextlib import suppress

NEXT = "next"  # web.1.next.sock, web.1.next.2.sock


def rename(run: str, process: str) -> None:
    """Give them the names under which people look for them; a program has none."""
    for path, name in _pairs(run, process):
        with suppress(FileNotFoundError):
            os.rename(path, name)


def remove(run: str, process: str) -> None:
    """Remove what a process that never had its place could not clear away itself."""
    for path, _ in _pairs(run, process):
        with suppress(FileNotFoundError):
            os.unlink(path)


def _pairs(run: str, process: str) -> list[tuple[str, str]]:
    """Those of a process, and of its workers, and what they are to be."""
    head = f"{process}.{NEXT}."
    names = [name for name in os.listdir(run) if name.startswith(head)]
    return [
        (os.path.join(run, name), os.path.join(run, f"{process}.{name.removeprefix(head)}"))
        for name in names
    ]
