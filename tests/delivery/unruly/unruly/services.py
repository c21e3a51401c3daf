"""Services that misbehave as the configuration says."""

import os
import signal
import subprocess
import time

from relforge.runtime import config, ready


def steady() -> None:
    ready()
    while True:
        time.sleep(1)


def odd() -> None:
    subprocess.Popen(["sleep", "1000"])  # a child of a service goes with it
    print("the last words of", config["odd"])
    {"well": steady, "crash": crash, "never": never, "deaf": deaf, "late": late}[config["odd"]]()


def crash() -> None:
    raise RuntimeError("no such table: customers")


def never() -> None:
    while True:
        time.sleep(1)


def deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready()
    waiting_for_godot()


def waiting_for_godot() -> None:
    while True:
        time.sleep(1)


def late() -> None:
    """Crashes once, in service."""
    ready()
    mark = os.path.join(os.environ["RELEASE_STATE_DIR"], "crashed")
    if not os.path.exists(mark):
        open(mark, "w").close()
        time.sleep(0.5)
        os.abort()
    never()
