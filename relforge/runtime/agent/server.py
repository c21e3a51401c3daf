"""The agent of one process: a Unix socket, who may connect, and a thread that accepts."""

from __future__ import annotations

import os
import sys
import time
import weakref

from ..wire import frames
from . import dumps, place
from .access import Access, Peer
from .connection import PROTO, Connection
from .native import Worker, sleep, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Any

MOST_CLIENTS = 32
_SHUT_RDWR = 2

_agents: weakref.WeakSet[Agent] = weakref.WeakSet()


def start(
    path: str,
    info: dict[str, Any],
    namespace: dict[str, Any],
    settings: dict[str, Any] | None = None,
    *,
    first: str | None = None,
) -> Agent:
    """Listen on ``path`` and answer from now on, whatever the other threads do.

    ``info`` is what clients learn at once: name, version, service, instance.
    ``namespace`` is looked at before each evaluation, so the application may be
    put in later.  ``settings`` are the manifest's ``console``.  ``first`` is
    where to listen until somebody renames it to ``path``, which another process
    still has.  Raises Refusal where the path is too long or its folder is
    everybody's.
    """
    agent = Agent(path, info, namespace, settings, first=first)
    agent.open(place.listen(agent.first, wide=agent.access.wide))
    place.sweep(path)
    return agent


class Agent:
    """Set ``loop`` to the application's event loop, ``secrets`` to what must not be logged.

    ``requests`` tells how many requests are in flight, where the server knows.
    ``lend`` gives the first evaluator a thread, where it is not to have one of its own.
    """

    def __init__(
        self,
        path: str,
        info: dict[str, Any],
        namespace: dict[str, Any],
        settings: dict[str, Any] | None = None,
        *,
        first: str | None = None,
    ) -> None:
        self.path = path
        self.first = first or path
        self.info = {**info, "pid": os.getpid(), "python": sys.version.split()[0]}
        self.namespace = namespace
        self.settings = settings or {}
        self.loop: AbstractEventLoop | None = None
        self.requests: Callable[[], int] | None = None
        self.secrets: tuple[str, ...] = ()
        self.audited = True
        self.lend: Callable[[Callable[[], object]], None] | None = None
        self.access = Access(self.settings)
        self.started = time.monotonic()
        self._clients: set[Connection] = set()
        self._count = 0
        self._closed = False
        self._socket: socket | None = None
        self._inode: tuple[int, int] | None = None

    @property
    def service(self) -> str:
        """``web.1``, for the log; ``web.1.2`` in a worker."""
        return f"{self.info.get('service', '?')}.{self.info.get('instance', '?')}"

    @property
    def evaluates(self) -> bool:
        """False in a release with ``console = false``: then it tells the stacks, and no more."""
        return bool(self.settings.get("enabled", True))

    def names(self) -> dict[str, Any]:
        """What a console finds in its namespace: ``config``, ``app``, and what the adapter adds."""
        names = dict(self.namespace)
        try:
            from .. import config

            names.setdefault("config", config)
        except ImportError:
            pass
        return names

    def open(self, listener: socket) -> None:
        """Answer on this socket, which is bound to ``first``."""
        self._socket = listener
        self._inode = place.inode(self.first)
        dumps.register(self.path)
        _agents.add(self)
        Worker(lambda: self._accept(listener), "relforge-agent").start()

    def serve(self, sock: socket) -> None:
        """Answer one client that is connected already, until it leaves."""
        _agents.add(self)
        client = Connection(self, sock, 1, Peer(sock))
        self._clients.add(client)
        self._serve(client)

    def admit(self, standing: dict[str, Any]) -> None:
        """Let in the user that this process is about to be; nothing where it stays who it is."""
        if "uid" in standing:
            self.access.admit(standing["uid"])
            for path in (self.first, dumps.own(self.path)):
                os.chown(path, standing["uid"], standing["gid"])

    def close(self) -> None:
        """Stop answering; remove the socket, unless another process has put its own there."""
        if self._closed:
            return
        self._closed = True
        if self._socket is not None:
            # Wakes the thread in accept(), which close() alone does not.
            self._socket.shutdown(_SHUT_RDWR)
            self._socket.close()
        for path in {self.first, self.path}:
            if self._inode is not None and place.inode(path) == self._inode:
                place.remove(path)
        dumps.remove(self.path)
        for client in list(self._clients):
            client.cut()

    def _accept(self, listener: socket) -> None:
        while not self._closed:
            try:
                fd, _ = listener._accept()  # type: ignore[attr-defined]  # typeshed lacks it
            except OSError:
                if self._closed:
                    return
                # Out of descriptors, for instance: that is when a console is needed most.
                sleep(0.1)
                continue
            # Not accept(), whose sockets are what `socket.socket` has become.
            sock = socket(fileno=fd)
            try:
                self._admit(sock)
            except (OSError, RuntimeError, frames.FrameError):
                sock.close()

    def _admit(self, sock: socket) -> None:
        peer = Peer(sock)
        refusal = self.access.refusal(peer, sock)
        if not refusal and len(self._clients) >= MOST_CLIENTS:
            refusal = f"{MOST_CLIENTS} clients are connected already"
        if refusal:
            sock.settimeout(1)
            frames.send(sock, {"op": "error", "proto": PROTO, "error": refusal})
            sock.close()
            return
        self._count += 1
        client = Connection(self, sock, self._count, peer)
        self._clients.add(client)
        try:
            Worker(lambda: self._serve(client), f"relforge-client-{self._count}").start()
        except RuntimeError:
            self._clients.discard(client)
            raise

    def _serve(self, client: Connection) -> None:
        try:
            client.serve()
        finally:
            self._clients.discard(client)

    def forked(self) -> None:
        """In a child process: let go of what is the parent's."""
        self._closed = True
        self._inode = None
        if self._socket is not None:
            # A copy of the listening socket would keep clients of a dead parent waiting.
            self._socket.close()
        for client in list(self._clients):
            client.forget()
        self._clients.clear()


def _after_fork() -> None:
    for agent in list(_agents):
        agent.forked()


os.register_at_fork(after_in_child=_after_fork)
