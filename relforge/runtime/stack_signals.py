"""The signals at which a process of a service prints its stacks, by faulthandler.

A handler in C prints them, also while some other code holds the interpreter.  No
server uses real-time signals.
"""

from __future__ import annotations

import os
import signal

TO_LOG = signal.SIGRTMIN + 5  # to standard error: a process that does not stop in time
TO_FILE = signal.SIGRTMIN + 6  # to its file of the run directory: `stacks --signal`


def file(run: str, pid: int) -> str:
    """The file in the run directory to which that process prints."""
    return os.path.join(run, f"{pid}.stacks")
