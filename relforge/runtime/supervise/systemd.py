"""The service manager above us: sd_notify(3) out, socket activation sd_listen_fds(3) in."""

from __future__ import annotations

import os
import socket
import time
from array import array
from binascii import crc32

from ..wire.spawn import FIRST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

# Of the manager's protocol with us, so none of our children's business.
VARIABLES = (
    "FDSTORE",
    "JOURNAL_STREAM",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "MAINPID",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
)
STORED = "relforge."  # how the names of the sockets begin that we left with the manager
_DIGITS = 18  # of microseconds: 30,000 years
_MARGIN = 10.0  # seconds for what comes after the last thing that takes time


class Manager:
    """What started us, its socket; else nothing that is said here goes anywhere.

    ``stores``: it keeps sockets for the supervisor after us; systemd
    says so in ``$FDSTORE`` since version 254, the units of `units` say it before.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET")
        self._pulse = watchdog(environ)
        self._due = 0.0
        stores = environ.get("FDSTORE", "")
        self.stores = bool(self._address) and stores.isdecimal() and int(stores) > 0

    def ready(self, line: str) -> None:
        """Started, or done with a reload."""
        self._send("READY=1", f"MAINPID={os.getpid()}", f"STATUS={line}")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        # By the time systemd knows that we obey the signal of just now.
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self, line: str) -> None:
        self._send("STOPPING=1", f"STATUS={line}")

    def status(self, line: str) -> None:
        """What `systemctl status` shows."""
        self._send(f"STATUS={line}")

    def extend(self, seconds: float) -> None:
        """What we are at, starting or stopping, may take so long from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={round((seconds + _MARGIN) * 1e6)}")

    def beat(self, now: float) -> float | None:
        """Feed the watchdog when it is due; when that is next, None where there is none."""
        if self._pulse is None:
            return None
        if now >= self._due:
            self._send("WATCHDOG=1")
            self._due = now + self._pulse
        return self._due

    def store(self, address: str, sock: socket.socket) -> None:
        """Leave a copy of a socket: the next process of this unit is started with it.

        A second time does no harm: systemd knows the copies of one socket.
        """
        self._send("FDSTORE=1", f"FDNAME={_stored(address)}", fds=(sock.fileno(),))

    def discard(self, address: str) -> None:
        """Have the copy of that address closed."""
        self._send("FDSTOREREMOVE=1", f"FDNAME={_stored(address)}")

    def _send(self, *lines: str, fds: Sequence[int] = ()) -> None:
        if not self._address:
            return
        place = self._address
        if place.startswith("@"):
            place = "\0" + place[1:]
        data = "\n".join(line.replace("\n", " ") for line in lines).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            try:
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", fds))] if fds else []
                sock.sendmsg([data], rights, 0, place)
            except OSError:
                return  # the manager is restarting: our work goes on


def _stored(address: str) -> str:
    """The name of a copy, within what systemd allows for one: no colons, ASCII."""
    return f"{STORED}{crc32(os.fsencode(address)):08x}"


def watchdog(environ: Mapping[str, str]) -> float | None:
    """Seconds between two signs of life, half of what is asked for; None where none is wanted."""
    pid, limit = environ.get("WATCHDOG_PID"), environ.get("WATCHDOG_USEC", "")
    if pid not in (None, str(os.getpid())) or not limit.isdecimal() or len(limit) > _DIGITS:
        return None
    return int(limit) / 2e6 or None


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
