"""uvicorn inside a worker of gunicorn: the same server as without gunicorn."""

from __future__ import annotations

import signal
import sys
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from ...agent.server import Agent
from .tickets import Tickets
from .uvicorn import Server


class AsgiWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """Laid over a UvicornWorker."""

    agent: Agent
    drain: float
    tickets: Tickets
    config: Any

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        self.config.timeout_graceful_shutdown = 1
        server = Server(self.config, self.agent, self.drain, self.tickets.ready)
        # uvicorn raises the signal again once it is done, and this is what it meets then.
        signal.signal(signal.SIGTERM, server.asked)
        if hasattr(self, "_install_sigquit_handler"):
            self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
