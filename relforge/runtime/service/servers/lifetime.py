"""How long a server may serve: as many requests as its options allow, until its successor is there.

Servers end by themselves after that many, and refuse requests until they are started
again; under a supervisor they ask for a successor, and serve until it is ready.
"""

from __future__ import annotations

import random
import time

from .. import notify

AGAIN = 10.0  # seconds until it is asked once more: the supervisor may have been busy


class Lifetime:
    """``limit`` requests and up to ``jitter`` more; None for no limit."""

    def __init__(self, limit: int | None, jitter: int = 0) -> None:
        self._limit = None if limit is None else limit + random.randint(0, jitter)
        self._asked: float | None = None

    def served(self, requests: int) -> None:
        """So many have come, all in all."""
        if self._limit is None or requests < self._limit:
            return
        now = time.monotonic()
        if self._asked is None or now - self._asked >= AGAIN:
            self._asked = now
            notify.notify(notify.SUCCESSOR)
