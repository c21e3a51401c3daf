"""``<state>/schedule.json``: what is known of each job, over restarts and power cuts.

{"report": {"when": "0 3 * * *", "next": 1764212400.0, "paused": false, "failures": 0,
            "running": false, "queued": false, "began": null,
            "last": {"began": 1764126000.0, "ended": 1764126012.3, "problem": ""}}}
"""

from __future__ import annotations

import json
import os

from ..regular_file import NotRegular, odd, open_own
from ..wire.descriptors import write as write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "schedule.json"
_MOST = 1 << 20  # bytes


def read(state: str) -> dict[str, dict[str, Any]]:
    """The rows by job; {} where there are none, or where the file was damaged.

    Raises OSError, and Refusal for what a release has not written.
    """
    path = os.path.join(state, NAME)
    try:
        fd = open_own(path)
    except FileNotFoundError:
        return {}
    except NotRegular:
        raise odd(path) from None
    with open(fd, "rb") as file:
        text = file.read(_MOST + 1)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if len(text) > _MOST or not isinstance(found, dict):
        return {}
    return {name: row for name, row in found.items() if isinstance(row, dict)}


def write(state: str, rows: dict[str, Any]) -> None:
    """Replace it whole; it is on the disk when this returns.  Raises OSError."""
    path = os.path.join(state, NAME)
    draft = f"{path}.{os.getpid()}"
    fd = open_own(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write_all(fd, json.dumps(rows, indent=1).encode())
        os.fsync(fd)
    except BaseException:
        os.unlink(draft)
        raise
    finally:
        os.close(fd)
    os.rename(draft, path)
