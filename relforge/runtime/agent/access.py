"""Who may connect: root, the service's user, and whom ``console.users`` and ``group`` name.

The kernel says who is at the other end, socket(7) SO_PEERCRED; nothing that a
client sends can change it, so there is no secret to lose and nothing to replay.
"""

from __future__ import annotations

import os
import struct

from ..wire.unix import credentials
from .native import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PEER_GROUPS = 59  # SO_PEERGROUPS, since Linux 4.13
_SOCKET = 1  # SOL_SOCKET
_MOST_GROUPS = 1 << 16  # NGROUPS_MAX
_NO_LOGIN = 0xFFFFFFFF


class Peer:
    """The process at the other end of a connection, as the kernel knows it."""

    def __init__(self, sock: socket) -> None:
        self.pid, self.uid, self.gid = credentials(sock)

    def login(self) -> str:
        """The name of the user who logged in, before any sudo; "" where that is unknown."""
        try:
            with open(f"/proc/{self.pid}/loginuid", encoding="ascii") as file:
                uid = int(file.read())
        except (OSError, ValueError):
            return ""
        return "" if uid == _NO_LOGIN else user(uid)


class Access:
    """``settings`` are the manifest's ``console``; names that this host lacks admit nobody."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._names: tuple[str, ...] = tuple(settings.get("users") or ())
        self._group: str | None = settings.get("group")
        self.wide = bool(self._names or self._group)
        self.owners = {os.geteuid()}  # the service's user
        self._uids = {0, os.geteuid()}
        self._gid: int | None = None
        if self.wide:
            self._look_up()

    def admit(self, uid: int) -> None:
        """The user that the service becomes."""
        self.owners.add(uid)
        self._uids.add(uid)

    def refusal(self, peer: Peer, sock: socket) -> str:
        """Why this peer may not connect; "" where it may."""
        if peer.uid in self._uids:
            return ""
        if self._gid is not None and self._gid in (peer.gid, *_groups(sock)):
            return ""
        others = [f"user {name}" for name in self._names]
        if self._group:
            others.append(f"group {self._group}")
        allowed = [f"uid {os.geteuid()}", "root", *others]
        return f"uid {peer.uid} may not connect, only {', '.join(allowed[:-1])} and {allowed[-1]}"

    def _look_up(self) -> None:
        import grp
        import pwd

        for name in self._names:
            try:
                self._uids.add(pwd.getpwnam(name).pw_uid)
            except KeyError:
                continue
        if self._group is not None:
            try:
                self._gid = grp.getgrnam(self._group).gr_gid
            except KeyError:
                self._gid = None


def user(uid: int) -> str:
    """The name of a user; the number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _groups(sock: socket) -> tuple[int, ...]:
    """The supplementary groups that the peer had when it connected."""
    try:
        raw = sock.getsockopt(_SOCKET, _PEER_GROUPS, _MOST_GROUPS * 4)
    except OSError:
        return ()
    return struct.unpack(f"{len(raw) // 4}I", raw)
