"""Which versions run: by the locks, and by what else can be seen of processes."""

from __future__ import annotations

import json
import os

from ..instance import Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def operation(running: Running) -> str:
    """What the supervisor is busy with; "" for nothing."""
    try:
        with open(running.lock, "rb") as file:
            content = json.loads(file.read())
    except (OSError, ValueError):
        return ""
    return str(content.get("operation") or "")


def versions(releases: str, installed: Iterable[str], *, without: int = 0) -> set[str]:
    """Those of the installed from which some process of this host runs.

    Every instance counts, wherever it keeps its state, so /proc is looked
    through: program, and words of the command line, which each user can read.
    ``without`` is a process that does not count.
    """
    real = os.path.realpath(releases)
    heads = {version: os.fsencode(os.path.join(real, version, "")) for version in installed}
    found: set[str] = set()
    for name in os.listdir("/proc"):
        if not name.isdecimal() or int(name) == without:
            continue
        words = _words(name)
        for version, head in heads.items():
            if version not in found and any(word.startswith(head) for word in words):
                found.add(version)
    return found


def _words(pid: str) -> list[bytes]:
    words: list[bytes] = []
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        words.append(os.fsencode(os.readlink(f"/proc/{pid}/exe")))
    except OSError:
        return words  # gone, a thread of the kernel, or another user's
    return words
