"""The ``%`` commands that are the client's own: of the release, and of other processes."""

from __future__ import annotations

from .. import columns, instance
from .. import protocol as messages
from ..errors import USAGE, Refusal
from ..protocol import supervisor as requests
from . import addresses, supervisor
from .connection import connect
from .evaluate import MOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .remote_session import RemoteSession


def services(session: RemoteSession, rest: str) -> None:
    """The processes of the release; this one has a star."""
    running = instance.here()
    here = str(session.client.address)
    rows: list[tuple[str, ...]] = [("", "PROCESS", *columns.PROCESS)]
    try:
        answer = supervisor.ask(running, requests.status(), 3.0)
    except Refusal:
        # Not for us, or it does not answer: the sockets show which processes there are.
        names = [addresses.shown(key) for key in sorted(addresses.sockets(running.run))]
        session.front.say("\n".join(f"{'*' if name == here else ' '} {name}" for name in names))
        return
    for row in answer["services"]:
        name = f"{row['name']}.{row['instance']}"
        mark = "*" if f"{here}.".startswith(f"{name}.") else ""
        rows.append((mark, name, *columns.process(row)))
    session.front.say("\n".join(columns.lines(rows)))


def switch(session: RemoteSession, rest: str) -> None:
    """Connect to another process; the names of this session stay behind."""
    if not rest or " " in rest:
        raise Refusal("usage: %switch SERVICE[.N]", code=USAGE)
    session.move(rest, connect(rest, "console"))


def loop(session: RemoteSession, rest: str) -> None:
    """Synchronous code in the loop's own thread: the application waits meanwhile."""
    if not rest:
        raise Refusal("usage: %loop CODE", code=USAGE)
    session.evaluate(messages.evaluate(rest, on_loop=True, most=MOST))


TABLE: dict[str, Callable[[RemoteSession, str], None]] = {
    "loop": loop,
    "services": services,
    "switch": switch,
}
