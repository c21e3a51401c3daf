"""One client: reads its messages and answers them; evaluations go to its session.

The messages are those of `protocol`.
"""

from __future__ import annotations

import time
from contextlib import suppress

from .. import protocol as messages
from ..errors import Refusal
from ..protocol import PROTO, answers
from ..wire import frames
from . import loops, stacks
from .native import socket
from .outbox import Outbox
from .patience import OutOfPatience, Patience

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .access import Peer
    from .completion import Limited
    from .host import Host
    from .session import Session

_MOST_TEXT = 4 << 20  # characters
_SHUT_RDWR = 2
_LONGEST_WAIT = 5.0  # seconds that a client may make its own connection wait


class Connection:
    """Runs in its own thread until the client closes, or sends something other than a frame."""

    def __init__(self, host: Host, sock: socket, number: int, peer: Peer) -> None:
        self._host = host
        self._sock = sock
        self._number = number
        self.peer = peer
        self._greeted = False
        self._from = ""
        self._completion: Limited | None = None
        self._session: Session | None = None
        self._patience = Patience(sock, host.settings.get("idle_timeout") or 0, self._busy)
        self.outbox = Outbox(sock, f"relforge-client-{number}")

    def serve(self) -> None:
        """Say who we are, then answer until the end."""
        self.outbox.thread.start()
        self.outbox.send(self._welcome())
        try:
            while (message := self._next()) is not None:
                answer = self._answer(message)
                if answer is not None:
                    self.outbox.send({"id": message.get("id"), **answer})
                self.outbox.settle()
                if not self._greeted:
                    break
        except frames.FrameError as error:
            self.outbox.send(answers.error(str(error)))
        except OutOfPatience as error:
            self.outbox.send(answers.bye(str(error)))
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
            self._sock.shutdown(_SHUT_RDWR)

    def forget(self) -> None:
        """After a fork, in the child: close our copy, say nothing."""
        self.outbox.abandon()
        self._sock.close()

    def _welcome(self) -> dict[str, Any]:
        return answers.welcome(
            self._host.info,
            uptime=time.monotonic() - self._host.started,
            loop=loops.kind(loops.of(self._host)),
            evaluates=self._host.evaluates,
        )

    def _next(self) -> dict[str, Any] | None:
        """The next message; None at the end.  Raises OutOfPatience where it does not come."""
        if self._greeted:
            self._patience.renew()
        return frames.receive(self._sock, self._patience.wait)

    def _busy(self) -> bool:
        return self._session is not None and not self._session.idle

    def _answer(self, message: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return self._dispatch(message)
        except Refusal as error:
            hint = f"\n  {error.hint}" if error.hint else ""
            return answers.error(error.message + hint)
        except Exception as error:
            # The agent outlives whatever a client sends and whatever the application's
            # objects do when they are looked at.
            return answers.error(f"{type(error).__name__}: {error}")

    def _dispatch(self, message: dict[str, Any]) -> dict[str, Any] | None:
        op = message.get("op")
        if not self._greeted:
            return self._greet(message)
        if not self._host.evaluates and op not in messages.WITHOUT_CONSOLE:
            raise Refusal(
                f"{self._host.service} was built with `console = false`: it does not evaluate code"
            )
        match op:
            case messages.EVAL | messages.CALL | messages.PERCENT:
                self._open().submit(message)
                return None
            case messages.INTERRUPT:
                session = self._session
                level = "idle" if session is None else session.interrupt(message.get("id"))
                return answers.interrupted(level)
            case messages.CHECK:
                from . import source

                return answers.checked(source.complete(str(message["source"])))
            case messages.COMPLETE:
                return answers.completions(self._complete(message))
            case messages.CANCEL:
                return self._cancel(str(message["name"]))
            case messages.CONFIG:
                return answers.configured(self._configure(message))
        return self._look(op, message)

    def _look(self, op: Any, message: dict[str, Any]) -> dict[str, Any]:
        """What is asked of every release, also of one with ``console = false``."""
        loop = loops.of(self._host)
        match op:
            case messages.PING:
                return answers.pong()
            case messages.STACKS:
                rows = stacks.tasks(loop)
                text = stacks.threads() + ("\n" + stacks.text(rows) + "\n" if rows else "")
                return answers.stacks(text[:_MOST_TEXT])
            case messages.TASKS:
                return answers.tasks(stacks.tasks(loop), has_loop=loop is not None)
            case messages.HANDOFF:
                from .. import handoff

                return handoff.answer(loop)
            case messages.STATS:
                from . import stats

                within = min(float(message.get("within", 0.3)), _LONGEST_WAIT)
                return answers.numbers(stats.take(self._host, within))
        return answers.error(f"unknown operation {op!r}")

    def _greet(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The handshake: what is said before it is not looked at."""
        if message.get("op") != messages.HELLO:
            return answers.error("a client must send `hello` first")
        proto = message.get("proto")
        if proto != PROTO:
            return answers.error(f"this process uses protocol {PROTO}, the client {proto!r}")
        self._greeted = True
        self._from = str(message.get("from", ""))[:100]
        return None

    def _complete(self, message: dict[str, Any]) -> list[str]:
        if self._completion is None:
            from .completion import Limited

            self._completion = Limited()
        names = {**self._host.names(), **self._open().namespace}
        within = min(float(message.get("within", 1.0)), _LONGEST_WAIT)
        return self._completion.complete(str(message["text"]), names, within)

    def _cancel(self, name: str) -> dict[str, Any]:
        from .percent import tasks

        loop = loops.of(self._host)
        if loop is None:
            raise Refusal(f"{self._host.service} has no event loop")
        tasks.cancel(loop, name)
        self._open().audit(f"cancel task {name}", "ok", 0.0)
        return answers.cancelled()

    def _configure(self, message: dict[str, Any]) -> list[str]:
        from ..config import renewal

        result = message["result"]
        self._host.secrets = (*self._host.secrets, *renewal.secrets(result))
        return renewal.renew(result, message["changed"], loops.of(self._host))

    def _open(self) -> Session:
        if self._session is None:
            # Late: a process that nobody talks to does not pay for it.
            from .session import Session

            self._session = Session(self._host, self.outbox, self._number, self.peer, self._from)
        return self._session
