"""What a process says of itself to its supervisor: sd_notify(3)."""

from __future__ import annotations

import os
import socket

VARIABLE = "NOTIFY_SOCKET"
SUCCESSOR = "X_RELFORGE=successor"  # another process is to have this one's place

by_hand = False  # the application itself gives signs of life
_address = os.environ.get(VARIABLE)


def ready() -> None:
    """Say that this service is ready to work; outside a release nothing happens.

    A service with ``run`` calls it once it has what it needs; `start` waits for it.
    """
    notify("READY=1")


def notify(text: str) -> None:
    """Send lines such as ``STATUS=42 jobs done``; nothing happens where nobody asked for them."""
    if not _address:
        return
    place = "\0" + _address[1:] if _address.startswith("@") else _address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        try:
            sock.sendto(text.encode(), place)
        except (ConnectionError, FileNotFoundError):
            return  # the supervisor is gone, and so will we be


def alive() -> None:
    """Say that this service still works; one with ``watchdog`` says it in time, or is replaced.

    Servers and coroutines of ours say it from their loops; a function that
    blocks says it from a thread, until it calls this for the first time.
    """
    global by_hand  # noqa: PLW0603 - of the whole process
    by_hand = True
    notify("WATCHDOG=1")


def address() -> str:
    """The supervisor's socket; "" where there is none."""
    return _address or ""


def keep() -> None:
    """Take the address out of the environment: servers would speak for themselves, too early."""
    os.environ.pop(VARIABLE, None)
