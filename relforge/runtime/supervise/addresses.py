"""Where services listen, as people write it and as the kernel has it."""

from __future__ import annotations

import os
import socket

from ..contract import address
from ..contract.address import UNIX
from ..contract.wrong import Wrong
from ..errors import CONFIG, Refusal
from .specs import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ListenAddress:
    """``place`` is what bind(2) takes; ``text`` and ``where`` are the setting and its name.

    ``mode`` and ``group`` (-1: as it comes) are those of a Unix socket.
    """

    def __init__(
        self, text: str, where: str, family: int, place: Any, *, mode: int = 0, group: int = -1
    ) -> None:
        self.text = text
        self.where = where
        self.family = family
        self.place = place
        self.mode = mode
        self.group = group

    def __str__(self) -> str:
        return _shown(self.family, self.place)


def settings(spec: Spec) -> list[tuple[str, str]]:
    """What a service is to listen on, and the name of each setting, for `read`."""
    return [(text, f"services.{spec.name}.listen[{at}]") for at, text in enumerate(spec.listen)]


def read(text: str, where: str, run: str) -> ListenAddress:
    """The address of a setting, a path relative to the run directory.

    Raises Refusal (78) for what is not an address, or not a name that resolves.
    """
    try:
        found = address.read(text)
    except Wrong as wrong:
        raise Refusal(f"{where}: {wrong}", hint=wrong.hint, code=CONFIG) from None
    if found.path:
        place = os.path.join(run, found.path)
        group = _group(found.group, where)
        return ListenAddress(text, where, socket.AF_UNIX, place, mode=found.mode, group=group)
    try:
        rows = socket.getaddrinfo(found.host, found.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Refusal(f"{where}: {text}: {error.strerror}", code=CONFIG) from None
    # `localhost` is 127.0.0.1 to most who connect.
    rows.sort(key=lambda row: row[0] != socket.AF_INET)
    return ListenAddress(text, where, rows[0][0], rows[0][4])


def _group(name: str, where: str) -> int:
    if not name:
        return -1
    if name.isascii() and name.isdecimal():
        return int(name)
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise Refusal(f"{where}: this host has no group {name!r}", code=CONFIG) from None


def every(specs: list[Spec], run: str) -> list[ListenAddress]:
    """Where services would listen; raises Refusal (78) for the first that is not an address."""
    return [read(text, where, run) for spec in specs for text, where in settings(spec)]


def texts(rows: list[ListenAddress]) -> list[str]:
    """The same as ``ListenStream=`` of systemd.socket(5) has it."""
    return [str(row).removeprefix(UNIX) for row in rows]


def access(rows: list[ListenAddress]) -> tuple[int, int] | None:
    """The mode and the group of the Unix sockets, None without any.

    Raises Refusal where they differ: a unit of systemd has one of each.
    """
    unix = [row for row in rows if row.family == socket.AF_UNIX]
    for row in unix:
        if (row.mode, row.group) != (unix[0].mode, unix[0].group):
            raise Refusal(
                f"{row.where} and {unix[0].where} have different modes or groups, and a socket "
                "unit has one of each",
                hint="give them the same, or leave --socket out",
                code=CONFIG,
            )
    return (unix[0].mode, unix[0].group) if unix else None


def shown(sock: socket.socket) -> str:
    """``127.0.0.1:8000``, ``[::1]:8000`` or ``unix:/run/app/web.sock``."""
    return _shown(sock.family, sock.getsockname())


def _shown(family: int, place: Any) -> str:
    if family == socket.AF_UNIX:
        return f"{UNIX}{os.fsdecode(place)}"
    return f"[{place[0]}]:{place[1]}" if ":" in place[0] else f"{place[0]}:{place[1]}"
