"""One line on the service's standard error for each evaluation.

Written to the descriptor, past ``logging``: an application that configures its
logging may disable the loggers that it does not know.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress

from .access import Peer, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "******"
MOST_SOURCE = 500  # characters
_STANDARD_ERROR = 2


class Who:
    """Who asked: what the kernel knows of the peer, and from where it says it comes."""

    __slots__ = ("_text",)

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
    """Write the line, which the log stamps; a standard error that is gone is no reason to fail."""
    shown = mask(source, secrets)
    if len(shown) > MOST_SOURCE:
        shown = shown[:MOST_SOURCE] + "..."
    line = (
        f"relforge.audit service={service} session={session} {who}"
        f" outcome={outcome} ms={ms:.1f} source={json.dumps(shown, ensure_ascii=False)}\n"
    )
    with suppress(OSError):
        os.write(_STANDARD_ERROR, line.encode(errors="backslashreplace"))


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text without these values, the longest first."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
