"""Two lines for each evaluation: one before it runs, one when it has ended.

They go to the supervisor, which logs them in a stream that is not the service's, so
no text that the application prints looks like one.  Where no supervisor takes
them they are printed to the descriptor of standard error, past ``logging``: an
application that configures its logging may disable the loggers that it does not know.
"""

from __future__ import annotations

import json
import os
import socket as sockets
from contextlib import suppress

from .access import Peer, user
from .native import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "******"
MOST_SOURCE = 500  # characters
BEGUN = "begun"  # the outcome of the line before
FIELD = "AUDIT="  # of a datagram to the supervisor
_STANDARD_ERROR = 2
_SECONDS = 0.2  # that a supervisor may let an evaluation wait


class _Supervisor:
    """Where the lines go; "" for standard error."""

    address = ""


def send_to(address: str) -> None:
    """The lines go to this socket from now on, those of forked processes as well."""
    _Supervisor.address = address


class Who:
    """Who asked: what the kernel knows of the peer, and from where it says it comes."""

    def __init__(self, peer: Peer, whence: str) -> None:
        words = [f"uid={peer.uid}", f"user={user(peer.uid)}"]
        login = peer.login()
        if login:
            words.append(f"login={login}")
        words.append(f"from={json.dumps(whence or f'pid {peer.pid}', ensure_ascii=True)}")
        self._text = " ".join(words)

    def __str__(self) -> str:
        return self._text


def record(
    *,
    service: str,
    session: int,
    who: Who,
    outcome: str,
    ms: float,
    source: str,
    secrets: Iterable[str],
) -> None:
    """Write the line, which the log stamps; a line that nobody receives is not a failure."""
    shown = mask(source, secrets)
    if len(shown) > MOST_SOURCE:
        shown = shown[:MOST_SOURCE] + "..."
    line = (
        f"relforge.audit service={service} session={session} {who}"
        f" outcome={outcome} ms={ms:.1f} source={json.dumps(shown, ensure_ascii=True)}"
    )
    if not _sent(line):
        with suppress(OSError):
            os.write(_STANDARD_ERROR, f"{line}\n".encode(errors="backslashreplace"))


def _sent(line: str) -> bool:
    """Whether the supervisor has it: it may be gone, or hang."""
    if not _Supervisor.address:
        return False
    sock = socket(sockets.AF_UNIX, sockets.SOCK_DGRAM)
    try:
        sock.settimeout(_SECONDS)
        sock.sendto(f"{FIELD}{line}".encode(errors="backslashreplace"), _Supervisor.address)
    except OSError:
        return False
    finally:
        sock.close()
    return True


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text without these values, the longest first."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
