"""One client: reads its messages and answers them; evaluations go to its session.

| message | answer |
|---|---|
| hello {proto, client} | none, or error |
| ping | pong |
| eval {source, json, where: "thread" or "loop"} | out..., done {ok, repr or json, or type and error, ms} |
| call {target, args, kwargs, json} | the same |
| interrupt {id} | interrupted {level: "raised", "cancelled", "abandoned" or "idle"} |
| check {source} | checked {complete} |
| complete {text} | completions {items} |
| stacks | stacks {text} |
| tasks | tasks {rows} |
| config {result, changed}: of a loader, by `service.tell` | configured {errors} |

Each message has an ``id`` of the client's choice, which its answer repeats.
"""  # noqa: E501 - a table

from __future__ import annotations

import socket
from contextlib import suppress

from .. import frames
from . import source, stacks
from .completion import Limited
from .evaluation import Request
from .outbox import Outbox
from .session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .server import Agent

PROTO = 1
_MOST_TEXT = 4 << 20  # characters


class Connection:
    """Lives in a thread of its own until the client closes or sends what is no frame."""

    def __init__(self, agent: Agent, sock: socket.socket, number: int, uid: int) -> None:
        self._agent = agent
        self._sock = sock
        self._number = number
        self._uid = uid
        self._completion = Limited()
        self._session: Session | None = None
        self.outbox = Outbox(sock, f"relforge-client-{number}")

    def serve(self) -> None:
        """Say who we are, then answer until the end."""
        self.outbox.thread.start()
        self.outbox.send({"op": "welcome", "proto": PROTO, **self._agent.info})
        try:
            while (message := frames.receive(self._sock)) is not None:
                answer = self._answer(message)
                if answer is not None:
                    self.outbox.send({"id": message.get("id"), **answer})
                self.outbox.settle()
                if message.get("op") == "hello" and answer is not None:
                    break
        except frames.FrameError as error:
            self.outbox.send({"op": "error", "error": str(error)})
        except OSError:
            pass
        finally:
            if self._session is not None:
                self._session.close()
            self.outbox.close()
            self.outbox.thread.join()
            self._sock.close()

    def cut(self) -> None:
        """End the connection from another thread."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """After a fork, in the child: close our copy, say nothing."""
        self.outbox.abandon()
        self._sock.close()

    def _answer(self, message: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return self._dispatch(message)
        except Exception as error:
            # The agent outlives whatever a client sends and whatever the application's
            # objects do when they are looked at.
            return {"op": "error", "error": f"{type(error).__name__}: {error}"}

    def _dispatch(self, message: dict[str, Any]) -> dict[str, Any] | None:
        match message.get("op"):
            case "eval" | "call":
                self._open().submit(Request(message))
                return None
            case "interrupt":
                session = self._session
                level = "idle" if session is None else session.interrupt(message.get("id"))
                return {"op": "interrupted", "level": level}
            case "ping":
                return {"op": "pong"}
            case "check":
                return {"op": "checked", "complete": source.complete(str(message["source"]))}
            case "complete":
                names = {**self._agent.names(), **self._open().namespace}
                items = self._completion.complete(str(message["text"]), names)
                return {"op": "completions", "items": items}
            case "stacks":
                rows = stacks.tasks(self._agent.loop)
                text = stacks.threads() + ("\n" + stacks.text(rows) + "\n" if rows else "")
                return {"op": "stacks", "text": text[:_MOST_TEXT]}
            case "tasks":
                rows = stacks.tasks(self._agent.loop)
                return {"op": "tasks", "loop": self._agent.loop is not None, "rows": rows}
            case "config":
                return {"op": "configured", "errors": self._configure(message)}
            case "handoff":
                from .. import handoff

                return handoff.answer(self._agent.loop)
            case "hello":
                return _refused(message.get("proto"))
            case other:
                return {"op": "error", "error": f"unknown operation {other!r}"}

    def _configure(self, message: dict[str, Any]) -> list[str]:
        from ..config import renewal

        result = message["result"]
        self._agent.secrets = (*self._agent.secrets, *renewal.secrets(result))
        return renewal.renew(result, message["changed"], self._agent.loop)

    def _open(self) -> Session:
        if self._session is None:
            self._session = Session(self._agent, self.outbox, self._number, self._uid)
        return self._session


def _refused(proto: object) -> dict[str, Any] | None:
    if proto == PROTO:
        return None
    return {"op": "error", "error": f"this process speaks protocol {PROTO}, the client {proto!r}"}
