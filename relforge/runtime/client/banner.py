"""What a console says first: who is at the other end, how it is, and how to leave."""

from __future__ import annotations

from .. import columns
from .. import protocol as messages
from ..errors import Refusal
from .connection import AgentClient

WITHIN = 0.3  # seconds for the loop to answer


def banner(client: AgentClient) -> str:
    """Name, version, process, loop; three lines or two."""
    said, address = client.welcome, client.address
    release = f"{said.get('name')} {said.get('version')}"
    up = columns.duration(float(said.get("uptime") or 0))
    lines = [
        f"{release}: {address}, pid {said.get('pid')}, up {up}, Python {said.get('python')}, "
        + loop(client),
        "Ctrl-C interrupts an evaluation, Ctrl-D detaches, `help` lists the commands.",
    ]
    if address.others:
        others = ", ".join(address.others)
        lines.append(f"Also running: {others} (%switch {address.others[0]})")
    return "\n".join(lines)


def loop(client: AgentClient) -> str:
    """Whether there is an event loop, and whether it answers."""
    kind = client.welcome.get("loop")
    if kind is None:
        return "no event loop"
    try:
        lag = client.request(**messages.stats(WITHIN)).get("lag")
    except Refusal:
        return f"{kind} loop"
    if lag is None:
        return f"{kind} loop, which does not answer (%stacks shows why)"
    return f"{kind} loop, which answers in {lag * 1000:.1f} ms"
