"""What `start` shows on a terminal while it waits: ``waiting for worker.1 (12s of 60s)``."""

from __future__ import annotations

import select
import sys
import time

from .. import screen, untrusted_text
from ..errors import Refusal
from ..protocol.supervisor import status
from ..wire import unix
from ..wire.frames import FrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .specs import Spec

EVERY = 1.0  # seconds
PATIENCE = 1.0  # of a question
_CLEAR = "\r\x1b[K"


def watch(pipe: int, control: str, specs: Mapping[str, Spec]) -> None:
    """Return when there is something to read in the pipe, or its other end is gone.

    ``control`` is the supervisor's socket; without a terminal nothing is shown.
    """
    if sys.stderr is None or not sys.stderr.isatty():  # it may have been closed when we started
        return
    shown = ""
    while not select.select([pipe], [], [], EVERY)[0]:
        text = line(_services(control), specs)
        if text != shown:
            screen.draw(sys.stderr, f"{_CLEAR}{text}")
            shown = text
    if shown:
        screen.draw(sys.stderr, _CLEAR)


def line(rows: list[dict[str, Any]], specs: Mapping[str, Spec]) -> str:
    """Those that are waited for, each with its time; "" for none."""
    words = []
    for row in rows:
        spec = specs.get(row["name"])
        if spec is None or not spec.awaited or row["ready"] or row["uptime"] is None:
            continue
        name = f"{row['name']}.{row['instance']}"
        words.append(f"{name} ({row['uptime']:.0f}s of {spec.ready_timeout:g}s)")
    return untrusted_text.line(f"waiting for {', '.join(words)}") if words else ""


def _services(control: str) -> list[dict[str, Any]]:
    """Of ``status``; none where it does not answer yet."""
    try:
        answer = unix.ask(control, "the supervisor", status(), PATIENCE)
    except (OSError, Refusal, FrameError):
        time.sleep(EVERY / 10)
        return []
    rows: list[dict[str, Any]] = (answer or {}).get("services", [])
    return rows
