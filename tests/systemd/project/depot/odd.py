"""A service that misbehaves as the configuration says."""

import contextlib
import os
import signal
import time

from relforge.runtime import config, ready

MOST = 200  # processes of the bomb, should nothing stop it before


def main() -> None:
    {"well": well, "deaf": deaf, "never": never, "bomb": bomb}[config["odd"]]()


def well() -> None:
    ready()
    never()


def never() -> None:
    while True:
        time.sleep(1)


def deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    well()


def bomb() -> None:
    """Forks as long as it may."""
    ready()
    for _ in range(MOST):
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                never()
    never()
