"""Numbers of this process, for `top` and the console: what ``/proc`` and the interpreter know."""

from __future__ import annotations

import os
import sys
import threading
import time

from .. import procfs
from . import loops, native, stacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .host import Host


def take(host: Host, within: float = 0.3) -> dict[str, Any]:
    """CPU in seconds, memory in bytes, the loop's lag in seconds.

    ``lag`` is None where there is no loop, or where it did not answer
    ``within`` that time; ``requests`` is None where the server does not count them.
    """
    loop = loops.of(host)
    return {
        "cpu": sum(os.times()[:2]),
        "rss": procfs.resident() or 0,
        "threads": sum(thread.ident not in native.names for thread in threading.enumerate()),
        "tasks": len(stacks.unfinished(loop)) if loop is not None else None,
        "loop": loops.kind(loop),
        "lag": loops.lag(loop, within) if loop is not None else None,
        "requests": host.requests() if host.requests is not None else None,
        "uptime": time.monotonic() - host.started,
        "blocks": sys.getallocatedblocks(),
    }
