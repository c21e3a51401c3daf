"""``rpc --all``: one evaluation in every process, at once."""

from __future__ import annotations

import json
import select
import signal
import sys
import time

from .. import instance
from .. import protocol as messages
from ..errors import DONE, FAILED, INTERRUPTED, NO_ANSWER, NOT_RUNNING, Refusal
from . import addresses
from .connection import AgentClient, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_SLICE = 0.25  # seconds
_PATIENCE = 3.0  # seconds between Ctrl-C and giving up


def keys(running: instance.Running, service: str | None) -> list[tuple[str, int, int]]:
    """The processes to ask; of a server with workers the workers, without their parent."""
    there = sorted(addresses.sockets(running.run))
    parents = {key[:2] for key in there if key[2]}
    return [
        key
        for key in there
        if (key[2] or key[:2] not in parents)
        and (service is None or f"{addresses.exact(key)}.".startswith(f"{service}."))
    ]


class Broadcast:
    """``rows`` are in the order of the processes: {process, pid, ok, result or error}."""

    def __init__(self, processes: list[addresses.AgentAddress], seconds: float) -> None:
        self.rows: list[dict[str, Any]] = []
        self._waiting: dict[int, tuple[AgentClient, int, dict[str, Any]]] = {}
        self._presses = 0
        self._code = DONE
        self._clients: list[tuple[AgentClient, dict[str, Any]]] = []
        for address in processes:
            row: dict[str, Any] = {"process": str(address), "pid": None, "ok": False}
            self.rows.append(row)
            try:
                client = AgentClient(address, "rpc", seconds)
            except (Refusal, Gone) as error:
                code = error.code if isinstance(error, Refusal) else NOT_RUNNING
                self._fail(row, str(error) or "went away", code)
                continue
            row["pid"] = client.welcome.get("pid")
            self._clients.append((client, row))

    def ask(self, message: dict[str, Any], seconds: float | None) -> int:
        """Fill the rows; the exit status is the first failure's."""
        deadline = None if seconds is None else time.monotonic() + seconds
        old = signal.signal(signal.SIGINT, self._pressed)
        try:
            for client, row in self._clients:
                try:
                    self._waiting[client.fileno()] = client, client.post(**message), row
                except Gone:
                    self._fail(row, "went away", NOT_RUNNING)
            pressed = 0.0
            while self._waiting:
                now = time.monotonic()
                pressed = pressed or (now if self._presses else 0.0)
                if deadline is not None and now > deadline:
                    self._give_up(f"no answer within {seconds:g}s", NO_ANSWER)
                elif pressed and now > pressed + _PATIENCE:
                    self._give_up("interrupted", INTERRUPTED)
                else:
                    for fd in select.select(list(self._waiting), [], [], _SLICE)[0]:
                        self._take(fd)
        finally:
            signal.signal(signal.SIGINT, old)
        return INTERRUPTED if self._presses else self._code

    def _take(self, fd: int) -> None:
        client, request, row = self._waiting[fd]
        try:
            answer = client.receive()
        except Gone:
            del self._waiting[fd]
            self._fail(row, "went away", NOT_RUNNING)
            return
        if answer.get("op") == messages.OUT:
            _show(row["process"], answer)
        elif messages.is_end(answer, request):
            del self._waiting[fd]
            if answer.get("ok"):
                row["ok"] = True
                row["result"] = (
                    json.loads(answer["json"]) if "json" in answer else answer.get("repr")
                )
            else:
                self._fail(row, str(answer.get("error", "")).rstrip(), FAILED)

    def _fail(self, row: dict[str, Any], error: str, code: int) -> None:
        row["error"] = error
        self._code = self._code or code

    def _give_up(self, reason: str, code: int) -> None:
        self._interrupt()
        for _, _, row in self._waiting.values():
            self._fail(row, reason, code)
        self._waiting.clear()

    def _interrupt(self) -> None:
        for client, request, _ in self._waiting.values():
            try:
                client.send(messages.interrupt(request))
            except Gone:
                continue  # the next receive says so

    def _pressed(self, signum: int, frame: FrameType | None) -> None:
        self._presses += 1
        self._interrupt()
        if self._presses > 2:
            raise KeyboardInterrupt


def table(rows: list[dict[str, Any]]) -> str:
    """The results as lines; of an error its last line, which says what it is."""
    width = max([len("PROCESS"), *(len(row["process"]) for row in rows)])
    lines = [f"{'PROCESS':<{width}}  RESULT"]
    for row in rows:
        if row["ok"]:
            text = "" if row["result"] is None else str(row["result"])
        else:
            text = "error: " + (row["error"].splitlines() or [""])[-1].strip()
        first, *others = text.splitlines() or [""]
        lines.append(f"{row['process']:<{width}}  {first}".rstrip())
        lines += [f"{'':<{width}}  {other}" for other in others]
    return "\n".join(lines)


def _show(process: str, message: dict[str, Any]) -> None:
    """Output of an evaluation, each line with its process; the results alone are stdout."""
    for line in str(message.get("data", "")).splitlines():
        print(f"{process} | {line}", file=sys.stderr, flush=True)
