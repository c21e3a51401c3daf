"""gunicorn's workers with a little of ours: they say when they are ready, and stop in two steps."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable
from threading import get_ident
from types import FrameType
from typing import Any

from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker
from gunicorn.workers.sync import SyncWorker

from ...errors import CONFIG, Refusal
from .listening import LAST, waits

UVICORN = {
    "uvicorn_worker": "uvicorn_worker.UvicornWorker",
    "uvicorn": "uvicorn.workers.UvicornWorker",
}


def named(kind: Any, where: str) -> str:
    """The worker class by gunicorn's name; ``uvicorn`` is the one that is installed.

    Raises Refusal for the native ASGI worker, which never says when it is ready.
    """
    if kind == "uvicorn":
        found = [name for package, name in UVICORN.items() if importlib.util.find_spec(package)]
        if not found:
            raise Refusal(
                f"{where}.worker_class: uvicorn is not in the release's dependencies",
                hint="add uvicorn-worker to `project.dependencies`, then run: relforge lock",
                code=CONFIG,
            )
        return found[0]
    if not isinstance(kind, str) or kind in ("asgi", "gunicorn.workers.gasgi.ASGIWorker"):
        raise Refusal(
            f"{where}.worker_class: {kind!r} cannot be stopped without losing requests",
            hint='for ASGI: worker_class = "uvicorn"; for WSGI: "sync" or "gthread"',
            code=CONFIG,
        )
    return kind


def ours(kind: type[Any]) -> type[Any]:
    """The class with our part, where we have one; of others gunicorn's own stop has to do."""
    for base, part in ((ThreadWorker, Threads), (SyncWorker, Sync)):
        if issubclass(kind, base):
            return type(kind.__name__, (part, kind), {})
    if _is_uvicorn(kind):
        from . import uvicorn_worker

        return type(kind.__name__, (uvicorn_worker.AsgiWorker, kind), {})
    return kind


def reports_ready(worker: Worker) -> bool:
    """Does it say by itself that it is ready?"""
    return _is_uvicorn(type(worker))


def _is_uvicorn(kind: type[Any]) -> bool:
    return any(row.__name__ == "UvicornWorker" for row in kind.__mro__)


def leave(worker: Any) -> None:
    """At once: Python's own end would wait for threads, and gunicorn's for clients."""
    worker.agent.close()
    os._exit(0)


class Counted(Worker):  # type: ignore[misc]  # gunicorn has no types
    """Knows how many requests are being answered: in each thread one at most."""

    def count(self) -> None:
        """Report the number to the agent from now on."""
        self._busy: set[int] = set()
        self.agent.requests = lambda: len(self._busy)

    def handle_request(self, *args: Any) -> Any:
        return self._counted(super().handle_request, *args)

    def handle_http2_request(self, *args: Any) -> Any:
        """Of newer gunicorns' gthread."""
        return self._counted(super().handle_http2_request, *args)

    def _counted(self, handle: Callable[..., Any], *args: Any) -> Any:
        self._busy.add(get_ident())
        try:
            return handle(*args)
        finally:
            self._busy.discard(get_ident())


class Sync(Counted):
    """Each answer ends its connection anyway; the queue is emptied before the end."""

    alive: bool
    drain: float
    _until: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first SIGTERM begins the drain, a second one ends it."""
        if self._until is not None or not any(waits(row) for row in self.sockets):
            super().handle_exit(sig, frame)
        self._until = time.monotonic() + min(LAST, self.drain)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """The master's last word to one that is amid a request."""
        leave(self)

    def notify(self) -> None:
        """gunicorn calls it between two connections."""
        super().notify()
        if self._until is None or not self.alive:
            return
        if time.monotonic() > self._until or not any(waits(row) for row in self.sockets):
            self.alive = False
            os.write(self.PIPE[1], b".")  # wakes its select


class Threads(Counted):
    """Stops accepting when the queue is empty, then waits until the last connection is gone."""

    alive: bool
    drain: float
    _began: float | None = None
    _deaf = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first SIGTERM begins the drain, a second one ends it."""
        if self._began is not None:
            super().handle_exit(sig, frame)
            return
        self._began = time.monotonic()
        # No room for another kept-alive connection: answers say `Connection: close`.
        self.max_keepalived = 0
        queue = getattr(self, "method_queue", None)
        if queue is not None:
            queue.defer(lambda: None)  # wakes its select

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """The master's last word, where threads wait for their clients."""
        leave(self)

    def notify(self) -> None:
        """gunicorn calls it in each turn of its loop, at least once a second."""
        super().notify()
        if self._began is None or not self.alive:
            return
        passed = time.monotonic() - self._began
        if not self._deaf and (passed > LAST or not any(waits(row) for row in self.sockets)):
            self._deafen()
        if self._deaf and (not self.nr_conns or passed > self.drain):
            self.alive = False

    def set_accept_enabled(self, enabled: bool) -> None:
        """Of newer gunicorns: accept only while there is room, and never again in a drain."""
        super().set_accept_enabled(enabled and not self._deaf)

    def _deafen(self) -> None:
        self._deaf = True
        if hasattr(super(), "set_accept_enabled"):
            self.set_accept_enabled(False)
            return
        for row in self.sockets:
            self.poller.unregister(row)
