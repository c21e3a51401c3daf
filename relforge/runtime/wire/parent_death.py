"""No process of a service outlives its supervisor."""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1


def tie(supervisor: int) -> None:
    """Have the kernel kill this process when the supervisor ends, however it ends.

    The setting survives exec, and is not inherited by children.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        # It ended before the kernel knew.
        os._exit(1)
