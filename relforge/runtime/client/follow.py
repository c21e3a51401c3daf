"""The process that takes the place of one that went away: after a crash, a restart, an upgrade."""

from __future__ import annotations

import time

from .. import instance
from ..errors import NOT_RUNNING, Refusal
from . import addresses
from .connection import AgentClient, Gone

STOPPED = 5.0  # seconds without a running release after which it is not coming back
LONGEST = 120.0  # seconds for a process to come back while the release runs
_AGAIN = 0.1


def successor(before: AgentClient, wanted: str | None) -> AgentClient:
    """Wait for it; Ctrl-C raises KeyboardInterrupt.

    Raises Refusal with exit code 3 where the release has stopped or the process
    does not come back.
    """
    from .. import paths
    from ..contract import manifest

    root = manifest.root()
    places = paths.of(root)
    name = wanted or addresses.shown((before.address.service, before.address.instance, 0))
    began = seen = time.monotonic()
    while (now := time.monotonic()) < began + LONGEST:
        running = instance.running(places)
        if running is None:
            if now > seen + STOPPED:
                break
        else:
            seen = now
            try:
                address = addresses.agent(running, name, lambda: manifest.load(root)["services"])
                client = AgentClient(address, "console", LONGEST)
                if client.pid != before.pid:
                    return client
                client.close()
            except (Refusal, Gone):
                pass  # not yet
        time.sleep(_AGAIN)
    raise Refusal("the application has ended", code=NOT_RUNNING)
