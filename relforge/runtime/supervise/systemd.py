"""The service manager above us: sd_notify(3) out, socket activation sd_listen_fds(3) in."""

from __future__ import annotations

import os
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

FIRST = 3  # SD_LISTEN_FDS_START
# Of the manager's protocol with us, so none of our children's business.
VARIABLES = (
    "FDSTORE",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "MAINPID",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
)


def notify(address: str | None, *lines: str) -> None:
    """Tell the manager; nothing happens where there is none, or where it does not listen."""
    if not address:
        return
    place = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        try:
            sock.sendto("\n".join(lines).encode(), place)
        except OSError:
            return  # the manager is restarting: our work goes on


def activated(environ: MutableMapping[str, str]) -> list[tuple[str, socket.socket]]:
    """The sockets that we were started with, each with its name; the variables are consumed."""
    pid, count = environ.get("LISTEN_PID"), environ.get("LISTEN_FDS", "")
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    for variable in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        environ.pop(variable, None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    found = []
    for index in range(int(count)):
        try:
            sock = socket.socket(fileno=FIRST + index)
        except OSError:
            continue  # no socket: a FIFO, for instance
        sock.set_inheritable(False)
        found.append((names[index] if index < len(names) else "", sock))
    return found
