"""What has been done in a deploy root: a JSON object a line, each on the disk before the work.

    {"at": 1764180000.0, "op": "upgrade", "version": "1.5.0", "old": "1.4.0",
     "state": "begun" | "done" | "failed", "why": ""}

Every operation begins with one line and ends with another.  A line that was cut
off by a power failure is none.
"""

from __future__ import annotations

import json
import math
import os
import time

from ..contract.naming import is_version
from ..errors import Refusal
from ..regular_file import NotRegular, odd, open_own
from ..wire.descriptors import write
from .place import DeployRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BEGUN, DONE, FAILED = "begun", "done", "failed"
_MOST = 2000  # lines; older ones than the last half go then
_MOST_READ = 16 << 20  # bytes: what this many lines never have


class DeployJournal:
    """The lines, oldest first."""

    def __init__(self, place: DeployRoot) -> None:
        self._place = place
        self.lines: list[dict[str, Any]] = _read(place.journal)

    def write(self, op: str, version: str, state: str, *, old: str = "", why: str = "") -> None:
        """Add a line, which is on the disk when this returns; raises Refusal."""
        row = {"at": round(time.time(), 3), "op": op, "version": version, "state": state}
        row |= {"old": old, "why": why}
        self.lines.append(row)
        try:
            self._append(json.dumps(row).encode())
        except OSError as error:
            raise Refusal(
                f"{self._place.journal}: {error.strerror}",
                hint="free some space, or run it as the user who owns the deploy root",
            ) from None

    def _append(self, line: bytes) -> None:
        if len(self.lines) > _MOST:
            self.lines = self.lines[-_MOST // 2 :]
            _rewrite(self._place, self.lines)
            return
        fd = open_own(self._place.journal, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            size = os.lseek(fd, 0, os.SEEK_END)
            # After a line that was cut off.
            torn = size and os.pread(fd, 1, size - 1) != b"\n"
            write(fd, b"\n" * bool(torn) + line + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)

    def unfinished(self) -> dict[str, Any] | None:
        """The operation that was begun last, where it has no end."""
        if not self.lines or self.lines[-1]["state"] != BEGUN:
            return None
        return self.lines[-1]

    def last(self, version: str, *ops: str) -> dict[str, Any] | None:
        """The last end of such an operation on that version."""
        row: dict[str, Any]
        for row in reversed(self.lines):
            if row["version"] == version and row["op"] in ops and row["state"] != BEGUN:
                return row
        return None

    def served(self) -> list[str]:
        """The versions that were made current, and well, the last one last; each once.

        What was rolled back from is none of them.
        """
        stack: list[str] = []
        for row in self.lines:
            if row["state"] != DONE or row["op"] not in ("upgrade", "rollback"):
                continue
            if row["op"] == "rollback" and row["old"] in stack:
                stack.remove(row["old"])
            elif row["op"] == "upgrade" and row["old"] and row["old"] not in stack:
                stack.append(row["old"])  # it was put there manually
            if row["version"] in stack:
                stack.remove(row["version"])
            stack.append(row["version"])
        return stack


def _read(path: str) -> list[dict[str, Any]]:
    try:
        with open(open_own(path), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _MOST_READ))
            data = file.read(_MOST_READ)
    except FileNotFoundError:
        return []
    except NotRegular:
        raise odd(path) from None
    rows = []
    for line in data.split(b"\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if _is_row(row):
            rows.append(row)
    return rows


def _is_row(row: Any) -> bool:
    """Whether it is a line of ours: a line that is not counts for nothing."""
    if not isinstance(row, dict) or not isinstance(row.get("at"), (int, float)):
        return False
    if any(not isinstance(row.get(name), str) for name in ("op", "version", "state", "old", "why")):
        return False
    if row["state"] not in (BEGUN, DONE, FAILED) or not math.isfinite(row["at"]):
        return False
    # What is being installed is known by the name of its file until it has been read.
    return row["op"] == "install" or is_version(row["version"])


def _rewrite(place: DeployRoot, rows: list[dict[str, Any]]) -> None:
    temporary = f"{place.journal}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with open(open_own(temporary, flags, 0o644), "wb") as file:
        file.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, place.journal)
