"""The process in which an agent answers: what the console, the log and the numbers need of it."""

from __future__ import annotations

import os
import sys
import time

from .access import Access

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Any


class Host:
    """Set ``loop`` to the application's event loop, ``secrets`` to what must not be logged.

    ``info`` is what clients learn at once: name, version, service, instance.
    ``namespace`` is looked at before each evaluation, so the application may be
    put in later.  ``settings`` are the manifest's ``console``.  ``requests``
    counts the requests in flight, where the server knows.  ``lend`` gives the
    first evaluator a thread, where it is not to have one of its own.
    """

    def __init__(
        self, info: dict[str, Any], namespace: dict[str, Any], settings: dict[str, Any] | None
    ) -> None:
        self.info = {**info, "pid": os.getpid(), "python": sys.version.split()[0]}
        self.namespace = namespace
        self.settings = settings or {}
        self.loop: AbstractEventLoop | None = None
        self.requests: Callable[[], int] | None = None
        self.secrets: tuple[str, ...] = ()
        self.audited = True
        self.lend: Callable[[Callable[[], object]], None] | None = None
        self.access = Access(self.settings)
        self.started = time.monotonic()

    @property
    def service(self) -> str:
        """``web.1``, for the log; ``web.1.2`` in a worker."""
        return f"{self.info.get('service', '?')}.{self.info.get('instance', '?')}"

    @property
    def evaluates(self) -> bool:
        """False in a release with ``console = false``: then it prints the stacks, and no more."""
        return bool(self.settings.get("enabled", True))

    def names(self) -> dict[str, Any]:
        """What a console finds in its namespace: ``config``, ``app``, and what the adapter adds."""
        names = dict(self.namespace)
        try:
            from .. import config

            names.setdefault("config", config)
        except ImportError:
            pass
        return names
