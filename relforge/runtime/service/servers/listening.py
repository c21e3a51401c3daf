"""What the adapters have in common: listening sockets of ours, options by the server's names."""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from ...errors import CONFIG, Refusal

BACKLOG = 2048  # as the supervisor has it: who listens again on a copy changes it for all
LAST = 1.0  # seconds between the end of the drain and the cancelling of what still runs
_TURNS = 10  # of the loop, between accept() and `connection_made`, and some more


def waits(sock: Any) -> bool:
    """Has the kernel let somebody in whom nobody has accepted yet?

    A client in the queue of a socket when it closes is connected, and loses its request.
    """
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def close(servers: Collection[Any]) -> None:
    """Close the servers of the running loop at a moment when their queues are empty.

    Connections in a queue when it closes lose their request; so do those that
    asyncio has accepted, and not handed to a protocol, when their server closes.
    """
    loop = asyncio.get_running_loop()
    end = time.monotonic() + LAST
    for sock in (sock for server in servers for sock in server.sockets):
        while waits(sock) and time.monotonic() < end:
            await asyncio.sleep(0)
        loop.remove_reader(sock.fileno())  # uvloop, which has none, accepts in one go
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    for server in servers:
        server.close()
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def checked(
    service: dict[str, Any], server: str, known: Collection[str], ours: Collection[str]
) -> dict[str, Any]:
    """The options of the service; raises Refusal for one that is the supervisor's, or nobody's.

    The build does not know those ``at_boot``, which have a value then: they are left out.
    """
    where = f"services.{service['name']}.options"
    options: dict[str, Any] = service["options"]
    allowed = sorted(set(known) - set(ours))
    for name in options:
        if name in ours:
            raise Refusal(f"{where}.{name}: the supervisor sets this", code=CONFIG)
        if name not in allowed:
            near = get_close_matches(name, allowed, 1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise Refusal(f"{where}.{name}: {server} has no such option", hint=hint, code=CONFIG)
    later = service.get("at_boot", ())
    return {name: value for name, value in options.items() if name not in later}
