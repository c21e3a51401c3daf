"""Where services listen, as people write it and as the kernel has it."""

from __future__ import annotations

import os
import socket

from ..errors import CONFIG, Refusal
from .specs import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_UNIX = "unix:"


class Address:
    """``place`` is what bind(2) takes; ``text`` and ``where`` are the setting and its name."""

    __slots__ = ("family", "place", "text", "where")

    def __init__(self, text: str, where: str, family: int, place: Any) -> None:
        self.text = text
        self.where = where
        self.family = family
        self.place = place

    def __str__(self) -> str:
        return _shown(self.family, self.place)


def settings(spec: Spec) -> list[tuple[str, str]]:
    """What a service is to listen on, and the name of each setting, for `read`."""
    return [(text, f"services.{spec.name}.listen[{at}]") for at, text in enumerate(spec.listen)]


def read(text: str, where: str, run: str) -> Address:
    """``HOST:PORT``, ``[IPV6]:PORT``, ``:PORT`` or ``unix:PATH``, relative to the run folder.

    Raises Refusal (78) for what is no address, or no name that resolves.
    """
    if text.startswith(_UNIX):
        path = os.path.join(run, text.removeprefix(_UNIX))
        return Address(text, where, socket.AF_UNIX, path)
    return Address(text, where, *_resolve(text, where))


def places(specs: list[Spec], run: str) -> list[str]:
    """Where services would listen, as ``ListenStream=`` of systemd.socket(5) has it."""
    found = [read(text, where, run) for spec in specs for text, where in settings(spec)]
    return [str(row).removeprefix(_UNIX) for row in found]


def shown(sock: socket.socket) -> str:
    """``127.0.0.1:8000``, ``[::1]:8000`` or ``unix:/run/app/web.sock``."""
    return _shown(sock.family, sock.getsockname())


def _shown(family: int, place: Any) -> str:
    if family == socket.AF_UNIX:
        return f"{_UNIX}{os.fsdecode(place)}"
    return f"[{place[0]}]:{place[1]}" if ":" in place[0] else f"{place[0]}:{place[1]}"


def _resolve(text: str, where: str) -> tuple[int, tuple[Any, ...]]:
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not port.isdecimal() or int(port) > 65535 or (":" in host and not bracketed):
        raise Refusal(
            f"{where}: {text!r} is no address",
            hint="write HOST:PORT, [IPV6]:PORT or unix:/PATH",
            code=CONFIG,
        )
    host = host[1:-1] if bracketed else host or "0.0.0.0"
    try:
        rows = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    except OSError as error:
        raise Refusal(f"{where}: {text}: {error.strerror}", code=CONFIG) from None
    # `localhost` is 127.0.0.1 to most who connect.
    rows.sort(key=lambda row: row[0] != socket.AF_INET)
    return rows[0][0], rows[0][4]
