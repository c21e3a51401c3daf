"""WebSockets closed with 1001, going away (RFC 6455, section 7.4.1), when a server drains.

By what the ASGI specification gives to an application, and so with whatever
speaks the protocol: ``websocket.close`` is sent in the application's name.
uvicorn by itself would say 1012, hypercorn nothing before its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

GOING_AWAY = 1001

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Farewell:
    """An ASGI application around another; HTTP goes past it."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app
        self._open: set[_Socket] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._said = False

    def __call__(self, scope: Message, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "websocket":
            return self._watch(scope, receive, send)
        return self._app(scope, receive, send)

    def say(self) -> None:
        """Close those that are open, and from now on each as soon as it is accepted."""
        self._said = True
        for socket in list(self._open):
            self._close(socket)

    async def _watch(self, scope: Message, receive: Receive, send: Send) -> None:
        socket = _Socket(send)

        async def forward(message: Message) -> None:
            await socket.forward(message)
            if message["type"] == "websocket.accept":
                self._open.add(socket)
                if self._said:
                    self._close(socket)

        try:
            await self._app(scope, receive, forward)
        except ClientGone:
            return
        finally:
            self._open.discard(socket)

    def _close(self, socket: _Socket) -> None:
        """In a task: an implementation may wait for the client's answer."""
        task = asyncio.ensure_future(socket.leave())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


class ClientGone(OSError):
    """Raised where the application sends more: as the specification has it for a client."""


class _Socket:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._left = False  # by us; what the application says then is too late
        self._closed = False  # by the application

    async def forward(self, message: Message) -> None:
        """In the application's name; raises ClientGone once we have closed it."""
        closes = message["type"] == "websocket.close"
        if self._left and closes:
            return
        if self._left:
            raise ClientGone
        self._closed = self._closed or closes
        await self._send(message)

    async def leave(self) -> None:
        if self._closed or self._left:
            return
        self._left = True
        with suppress(Exception):  # as each server says that its client was faster
            await self._send({"type": "websocket.close", "code": GOING_AWAY})
