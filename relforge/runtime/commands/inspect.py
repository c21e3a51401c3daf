"""``ping``, ``stacks`` and ``tasks``: does it answer, and what is it doing."""

from __future__ import annotations

import sys

from .. import frames, manifest, paths
from ..client import find, options
from ..client.connection import ANSWER_WITHIN, Client, Gone, connect, dial, silent
from ..errors import DONE, FAILED, NOT_RUNNING, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def ping(argv: list[str]) -> int:
    """Print ``pong`` when the supervisor answers; 3 not running, 5 no answer in time."""
    given = options.parse(argv, values="--timeout")
    options.most(given, 0, "ping [--timeout 3s]")
    seconds = options.seconds(given.values.get("--timeout", "3s"), "--timeout")
    running = find.required(paths.of(manifest.root()))
    sock = dial(running.supervisor, "the supervisor", seconds)
    sock.settimeout(seconds)
    try:
        frames.send(sock, {"op": "ping"})
        answer = frames.receive(sock)
    except TimeoutError:
        raise silent("the supervisor", seconds) from None
    except (OSError, frames.FrameError) as error:
        raise Refusal(f"the supervisor: {error}", code=FAILED) from None
    if answer is None:
        raise Refusal("the supervisor closed the connection", code=NOT_RUNNING)
    if "error" in answer:
        raise Refusal(f"the supervisor: {answer['error']}", code=FAILED)
    print("pong")
    return DONE


def stacks(argv: list[str]) -> int:
    """Print the stacks of all threads and tasks of one process."""
    client, seconds = _client(argv, "stacks")
    print(_ask(client, "stacks", seconds)["text"], end="")
    return DONE


def tasks(argv: list[str]) -> int:
    """Print the unfinished asyncio tasks of one process."""
    client, seconds = _client(argv, "tasks")
    answer = _ask(client, "tasks", seconds)
    if not answer["loop"]:
        print(f"{client.address} has no event loop", file=sys.stderr)
    for row in answer["rows"]:
        print(f"task {row['name']} ({row['coro']}, {row['state']})")
        print(*row["stack"], sep="\n", end="\n\n")
    return DONE


def _client(argv: list[str], command: str) -> tuple[Client, float]:
    given = options.parse(argv, values="--timeout")
    options.most(given, 1, f"{command} [SERVICE[.N]] [--timeout 5s]")
    text = given.values.get("--timeout", f"{ANSWER_WITHIN:g}s")
    seconds = options.seconds(text, "--timeout")
    return connect(given.words[0] if given.words else None, command, seconds), seconds


def _ask(client: Client, op: str, seconds: float) -> dict[str, Any]:
    try:
        return client.request(op, seconds)
    except Gone:
        raise Refusal(f"{client.address} went away", code=NOT_RUNNING) from None
