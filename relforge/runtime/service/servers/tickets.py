"""The one word of readiness of a server with several workers."""

from __future__ import annotations

import os

from .. import notify


class Tickets:
    """Ready is said by the last of so many workers: one ticket less than there are of them."""

    def __init__(self, count: int) -> None:
        self._take, give = os.pipe()
        os.set_blocking(self._take, False)
        os.write(give, b"." * (count - 1))
        os.close(give)

    def ready(self) -> None:
        """A worker is; called in it.  The pipe makes that each ticket is taken once."""
        if not os.read(self._take, 1):
            notify.ready()
