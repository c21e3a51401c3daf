"""The agent of one process: a Unix socket, who may connect, and a thread that accepts."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
import weakref
from contextlib import suppress

from .. import frames
from ..errors import CONFIG, Refusal
from ..paths import SOCKET_PATH_MOST
from .connection import PROTO, Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

MOST_CLIENTS = 32
_CREDENTIALS = struct.Struct("iII")  # struct ucred, unix(7)

_agents: weakref.WeakSet[Agent] = weakref.WeakSet()


def start(
    path: str, info: dict[str, Any], namespace: dict[str, Any], *, first: str | None = None
) -> Agent:
    """Listen on ``path`` and answer from now on, whatever the other threads do.

    ``info`` is what clients learn at once: name, version, service, instance.
    ``namespace`` is looked at before each evaluation, so the application may be
    put in later.  ``first`` is where to listen until somebody renames it to
    ``path``, which another process still has.  Raises Refusal where the path
    is too long.
    """
    agent = Agent(path, info, namespace, first=first)
    _agents.add(agent)
    agent.listen()
    return agent


class Agent:
    """Set ``loop`` to the application's event loop, ``secrets`` to what must not be logged."""

    def __init__(
        self,
        path: str,
        info: dict[str, Any],
        namespace: dict[str, Any],
        *,
        first: str | None = None,
    ) -> None:
        self.path = path
        self.first = first or path
        self.info = {**info, "pid": os.getpid(), "python": sys.version.split()[0]}
        self.namespace = namespace
        self.loop: AbstractEventLoop | None = None
        self.secrets: tuple[str, ...] = ()
        self._allowed = {0, os.geteuid()}
        self._clients: set[Connection] = set()
        self._count = 0
        self._closed = False
        self._socket: socket.socket | None = None
        self._inode: tuple[int, int] | None = None

    @property
    def service(self) -> str:
        """``web.1``, for the log."""
        return f"{self.info.get('service', '?')}.{self.info.get('instance', '?')}"

    def names(self) -> dict[str, Any]:
        """What a console finds in its namespace: ``config``, ``app``, and what the adapter adds."""
        names = dict(self.namespace)
        try:
            from .. import config

            names.setdefault("config", config)
        except ImportError:
            pass
        return names

    def listen(self) -> None:
        """Bind under a temporary name and rename: no client ever meets half a socket."""
        folder = os.path.dirname(self.path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        temporary = os.path.join(folder, f".{os.getpid():x}")
        if max(len(os.fsencode(self.first)), len(os.fsencode(temporary))) > SOCKET_PATH_MOST:
            raise Refusal(
                f"{self.first}: a Unix socket's path may have {SOCKET_PATH_MOST} bytes",
                hint="set RELEASE_RUN_DIR to a shorter folder",
                code=CONFIG,
            )
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _remove(temporary)
            listener.bind(temporary)
            # Before anybody can connect, and without touching the process's umask.
            os.chmod(temporary, 0o600)
            listener.listen(MOST_CLIENTS)
            self._inode = _inode(temporary)
            os.rename(temporary, self.first)
        except BaseException:
            listener.close()
            raise
        self._socket = listener
        threading.Thread(
            target=self._accept, args=(listener,), name="relforge-agent", daemon=True
        ).start()

    def admit(self, standing: dict[str, Any]) -> None:
        """Let in the user that this process is about to be; nothing where it stays who it is."""
        if "uid" in standing:
            self._allowed.add(standing["uid"])
            os.chown(self.first, standing["uid"], standing["gid"])

    def close(self) -> None:
        """Stop answering; remove the socket, unless another process has put its own there."""
        if self._closed:
            return
        self._closed = True
        if self._socket is not None:
            # Wakes the thread in accept(), which close() alone does not.
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        for path in {self.first, self.path}:
            if self._inode is not None and _inode(path) == self._inode:
                _remove(path)
        for client in list(self._clients):
            client.cut()

    def _accept(self, listener: socket.socket) -> None:
        while not self._closed:
            try:
                sock, _ = listener.accept()
            except OSError:
                if self._closed:
                    return
                # Out of descriptors, for instance: that is when a console is needed most.
                time.sleep(0.1)
                continue
            try:
                self._admit(sock)
            except (OSError, RuntimeError, frames.FrameError):
                sock.close()

    def _admit(self, sock: socket.socket) -> None:
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(raw)
        if uid not in self._allowed:
            return _refuse(sock, f"uid {uid} may not connect, only uid {os.geteuid()} and root")
        if len(self._clients) >= MOST_CLIENTS:
            return _refuse(sock, f"{MOST_CLIENTS} clients are connected already")
        self._count += 1
        client = Connection(self, sock, self._count, uid)
        self._clients.add(client)
        try:
            threading.Thread(
                target=self._serve,
                args=(client,),
                name=f"relforge-client-{self._count}",
                daemon=True,
            ).start()
        except RuntimeError:
            self._clients.discard(client)
            raise
        return None

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


def _refuse(sock: socket.socket, reason: str) -> None:
    sock.settimeout(1)
    frames.send(sock, {"op": "error", "proto": PROTO, "error": reason})
    sock.close()


def _inode(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _remove(path: str) -> None:
    # Of a process that has become another user, the folder is not its own: its successor's bind
    # takes the place.
    with suppress(FileNotFoundError, PermissionError):
        os.unlink(path)


def _after_fork() -> None:
    for agent in list(_agents):
        agent.forked()


os.register_at_fork(after_in_child=_after_fork)
