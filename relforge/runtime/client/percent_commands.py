"""The ``%`` commands that are the client's own: of the release, and of other processes."""

from __future__ import annotations

import os

from .. import instance
from .. import protocol as messages
from ..errors import USAGE, Refusal
from ..protocol import supervisor as requests
from ..wire import launcher
from . import addresses, duration, supervisor
from .connection import connect
from .evaluate import MOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .remote_session import RemoteSession


def services(session: RemoteSession, rest: str) -> None:
    """The processes of the release; this one has a star."""
    from .. import paths
    from ..contract import manifest

    running = instance.required(paths.of(manifest.root()))
    here = str(session.client.address)
    rows = [("", "PROCESS", "STATE", "PID", "UP", "RESTARTS", "MEMORY")]
    try:
        answer = supervisor.ask(running, requests.status(), 3.0)
    except Refusal:
        # Not for us, or it does not answer: the sockets show which processes there are.
        names = [addresses.shown(key) for key in sorted(addresses.sockets(running.run))]
        session.front.say("\n".join(f"{'*' if name == here else ' '} {name}" for name in names))
        return
    for row in answer["services"]:
        name = f"{row['name']}.{row['instance']}"
        up = "-" if row["uptime"] is None else duration.shown(row["uptime"])
        memory = "-" if row["rss"] is None else f"{row['rss'] / (1 << 20):.0f} MiB"
        mark = "*" if f"{here}.".startswith(f"{name}.") else ""
        pid, restarts = str(row["pid"] or "-"), str(row["restarts"])
        rows.append((mark, name, row["state"], pid, up, restarts, memory))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    session.front.say("\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows))


def switch(session: RemoteSession, rest: str) -> None:
    """Connect to another process; the names of this session stay behind."""
    if not rest or " " in rest:
        raise Refusal("usage: %switch SERVICE[.N]", code=USAGE)
    session.move(rest, connect(rest, "console"))


def reload(session: RemoteSession, rest: str) -> None:
    """What `bin/<name> reload` does and says."""
    from ..contract import manifest

    if rest:
        raise Refusal("usage: %reload", code=USAGE)
    root = manifest.root()
    name = os.environ.get("RELEASE_NAME") or manifest.load(root)["name"]
    done = launcher.ask(root, name, "reload")
    text = done.stderr + done.stdout  # its progress, then its result
    session.front.say(text.rstrip(), "error" if done.returncode else "")


def loop(session: RemoteSession, rest: str) -> None:
    """Synchronous code in the loop's own thread: the application waits meanwhile."""
    if not rest:
        raise Refusal("usage: %loop CODE", code=USAGE)
    session.evaluate(messages.evaluate(rest, on_loop=True, most=MOST))


TABLE: dict[str, Callable[[RemoteSession, str], None]] = {
    "loop": loop,
    "reload": reload,
    "services": services,
    "switch": switch,
}
