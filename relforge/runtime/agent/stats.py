"""Numbers of this process, for `top` and the console: what ``/proc`` and the interpreter know."""

from __future__ import annotations

import os
import sys
import threading
import time

from . import loops, native, stacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .host import Host

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def take(host: Host, within: float = 0.3) -> dict[str, Any]:
    """CPU in seconds, memory in bytes, the loop's lag in seconds.

    ``lag`` is None where there is no loop, or where it did not answer
    ``within`` that time; ``requests`` is None where the server does not tell.
    """
    loop = loops.of(host)
    return {
        "cpu": sum(os.times()[:2]),
        "rss": rss(),
        "threads": sum(thread.ident not in native.names for thread in threading.enumerate()),
        "tasks": len(stacks.unfinished(loop)) if loop is not None else None,
        "loop": loops.kind(loop),
        "lag": loops.lag(loop, within) if loop is not None else None,
        "requests": host.requests() if host.requests is not None else None,
        "uptime": time.monotonic() - host.started,
        "blocks": sys.getallocatedblocks(),
    }


def rss(pid: int | str = "self") -> int:
    """Resident memory in bytes, proc(5) statm; 0 where the process is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def process(pid: int) -> dict[str, Any] | None:
    """One process: pid, name, state, parent, CPU seconds, threads, rss; None where it is gone."""
    row = process_of(str(pid))
    return None if row is None else {**row, "pid": pid}


def process_of(place: str) -> dict[str, Any] | None:
    """The same for a directory of ``/proc``, which may be a thread's; proc(5) stat."""
    try:
        with open(f"/proc/{place}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    # The name is in parentheses and may hold any of them.
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return {
        "name": name,
        "state": fields[0],
        "parent": int(fields[1]),
        "cpu": (int(fields[11]) + int(fields[12])) / _TICKS,
        "threads": int(fields[17]),
        "rss": int(fields[21]) * _PAGE,
    }
