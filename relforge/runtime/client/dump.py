"""``stacks --signal``: the stacks of a process that cannot run Python, by faulthandler.

It prints them to a file of the run directory, where its agent has registered the
signal (``agent.dumps``).
"""

from __future__ import annotations

import os
import time

from .. import stack_signals
from ..errors import FAILED, NOT_RUNNING, Refusal
from ..regular_file import NotRegular, odd, open_own
from ..wire.unix import credentials, dial, silent
from .addresses import AgentAddress

_QUIET = 0.15  # seconds without another line: it is done
_SLICE = 0.02


def ask(address: AgentAddress, seconds: float) -> str:
    """What faulthandler prints; raises Refusal."""
    # The kernel accepts for a process that hangs, and says who listens there.
    sock = dial(address.path, str(address), seconds, address.owner)
    pid = credentials(sock)[0]
    sock.close()
    path = stack_signals.file(os.path.dirname(address.path), pid)
    try:
        fd = open_own(path)
    except FileNotFoundError:
        raise Refusal(f"{address} has not registered the signal", code=FAILED) from None
    except NotRegular:
        raise odd(path) from None
    try:
        before = os.fstat(fd).st_size
        os.kill(pid, stack_signals.TO_FILE)
        size = _settled(fd, before, time.monotonic() + seconds)
        if size == before:
            raise silent(str(address), seconds)
        text = os.pread(fd, size - before, before).decode(errors="replace")
    except ProcessLookupError:
        raise Refusal(f"{address} is not running at the moment", code=NOT_RUNNING) from None
    except PermissionError:
        raise Refusal(
            f"{address}: uid {os.geteuid()} is not allowed to send it a signal",
            hint="run it as the user of the service, or as root",
            code=FAILED,
        ) from None
    finally:
        os.close(fd)
    return f"process {pid}, the innermost call first\n\n{text}"


def _settled(fd: int, before: int, deadline: float) -> int:
    """The size of the file once nothing more is written to it."""
    size, since = before, time.monotonic()
    while (now := time.monotonic()) < deadline:
        found = os.fstat(fd).st_size
        if found != size:
            size, since = found, now
        elif size > before and now - since > _QUIET:
            break
        time.sleep(_SLICE)
    return size
