"""The agent of one process: a Unix socket, who may connect, and a thread that accepts."""

from __future__ import annotations

import os
import weakref

from ..errors import Refusal
from ..protocol import answers
from ..wire import frames
from . import dumps, place, places
from .access import Peer
from .connection import Connection
from .host import Host
from .native import Worker, sleep, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SHUT_RDWR = 2
_LOOK = 2000  # milliseconds between two looks at the socket's name

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

    ``info``, ``namespace`` and ``settings`` are as `Host` has them.  ``first`` is
    where to listen until somebody renames it to ``path``, which another process
    still has.  Raises Refusal where the path is too long, or everybody can write
    to its directory.
    """
    agent = Agent(path, info, namespace, settings, first=first)
    agent.open(place.listen(agent.first, wide=agent.access.wide))
    place.sweep(path)
    return agent


class Agent(Host):
    """A process with a socket on which it answers."""

    def __init__(
        self,
        path: str,
        info: dict[str, Any],
        namespace: dict[str, Any],
        settings: dict[str, Any] | None = None,
        *,
        first: str | None = None,
    ) -> None:
        super().__init__(info, namespace, settings)
        self.path = path
        self.first = first or path
        self._clients: set[Connection] = set()
        self._count = 0
        self._closed = False
        self._socket: socket | None = None
        self._inode: tuple[int, int] | None = None

    def open(self, listener: socket) -> None:
        """Answer on this socket, which is bound to ``first``."""
        self._socket = listener
        self._inode = place.inode(self.first)
        dumps.register(self.path)
        _agents.add(self)
        Worker(self._accept, "relforge-agent").start()

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

    def _accept(self) -> None:
        while not self._closed:
            listener = self._socket
            assert listener is not None
            try:
                if not place.is_called(listener, _LOOK):
                    self._listen_again(listener)
                    continue
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

    def _listen_again(self, listener: socket) -> None:
        """Where a tmp cleaner has removed the socket; a successor that has the name keeps it."""
        there = place.inode(self.path)
        if there is not None or place.inode(self.first) == self._inode:
            return
        try:
            self._socket = place.listen(self.path, wide=self.access.wide)
            self._inode = place.inode(self.path)
            dumps.register(self.path)
        except (OSError, Refusal):
            return  # another user by now, for instance: the directory is not theirs
        finally:
            if self._socket is not listener:
                listener.close()
        if self._closed:
            place.remove(self.path)

    def _admit(self, sock: socket) -> None:
        peer = Peer(sock)
        refusal = self.access.refusal(peer, sock)
        if not refusal:
            connected = [client.peer.uid for client in list(self._clients)]
            refusal = places.refusal(peer.uid, connected, self.access.owners)
        if refusal:
            sock.settimeout(1)
            frames.send(sock, answers.refused(refusal))
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
