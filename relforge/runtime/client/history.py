"""What was typed into a console, for the next time: one JSON string a line."""

from __future__ import annotations

import json
import os
from contextlib import suppress

from ..regular_file import open_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 2000  # inputs


def place(name: str, state: str, kind: str) -> str | None:
    """The file of that kind: in the state directory where that is this user's own, else at home."""
    try:
        if os.stat(state).st_uid == os.geteuid():
            return os.path.join(state, kind)
    except OSError:
        pass
    # Nothing of another user's may end up in the state directory of the service.
    home = os.environ.get("HOME")
    return os.path.join(home, f".{name}_{kind}") if home else None


def load(path: str | None) -> Iterator[str]:
    """The inputs, the newest first; none where the file cannot be read."""
    if path is None:
        return
    try:
        with open(open_own(path), encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
    except OSError:
        return
    if len(lines) > 2 * MOST:
        _write(path, lines[-MOST:])
    for line in reversed(lines[-MOST:]):
        with suppress(ValueError):
            text = json.loads(line)
            if isinstance(text, str):
                yield text


def append(path: str | None, text: str) -> None:
    """Keep one input; not what begins with a blank, and nothing where nothing can be written."""
    if path is None or text.startswith(" ") or not text.strip():
        return
    with suppress(OSError):
        # 0600 from the start: people type secrets.
        fd = open_own(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        with open(fd, "a", encoding="utf-8") as file:
            file.write(json.dumps(text) + "\n")


def _write(path: str, lines: list[str]) -> None:
    with suppress(OSError):
        temporary = f"{path}.{os.getpid()}"
        fd = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with open(fd, "w", encoding="utf-8") as file:
            file.writelines(lines)
        os.rename(temporary, path)
