"""The listening sockets, which outlive every process that accepts on them."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
import struct
from array import array

from ..errors import CONFIG, FAILED, Refusal
from ..paths import SOCKET_PATH_MOST
from .specs import Spec
from .systemd import STORED, Manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BACKLOG = 2048
_SO_ATTACH_FILTER = 26  # socket(7); not in the module socket
_BPF_RET = 0x06
# Above the numbers that children get theirs under, so that dup2 in a child clobbers none.
LOWEST = 64


class Listener:
    """A listening socket of one service; ``address`` is as people write it, with the real port."""

    __slots__ = ("_keeper", "address", "lent", "path", "sock", "text")

    def __init__(self, sock: socket.socket, path: str | None = None, *, lent: bool = False) -> None:
        self.sock = high(sock)
        self.path = path
        self.lent = lent  # systemd's own: it goes on listening when we end
        self.text: str | None = None  # the setting that it was opened for; None: found by name
        self.address = show(self.sock)
        self._keeper: Manager | None = None  # it has a copy for the supervisor after us

    def keep(self, manager: Manager) -> None:
        """Leave a copy with the manager, if it is not its own anyway; idempotent."""
        if not self.lent and self._keeper is None:
            self._keeper = manager
            manager.store(self.address, self.sock)

    def close(self) -> None:
        """Let nobody else in; the processes that hold a copy still accept who is in already.

        Where the manager has a copy, those who come wait for the next supervisor.
        """
        kept = self.lent or self._keeper is not None
        if not kept and self.path is None and self.sock.fileno() >= 0:
            _deafen(self.sock)
        self.sock.close()
        if self.path is not None and not kept:
            _unlink(self.path)

    def retire(self) -> None:
        """Close it for good: nobody is to listen there any more."""
        if self._keeper is not None:
            self._keeper.discard(self.address)
            self._keeper = None
        self.close()


def _deafen(sock: socket.socket) -> None:
    """Drop connection requests from now on, whoever holds copies, without a loss in the queue.

    Closing alone resets those who come between a server's last accept and its
    close.  Who is dropped here tries again, and is refused once all is closed.
    """
    code = array("Q", struct.pack("HBBI", _BPF_RET, 0, 0, 0))  # struct sock_filter: keep 0 bytes
    program = struct.pack("HP", len(code), code.buffer_info()[0])  # struct sock_fprog
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    except OSError:
        return  # a sandbox without filters: closing has to do


def high(sock: socket.socket) -> socket.socket:
    """The same socket under a number that `launch` does not give to children."""
    return socket.socket(fileno=high_fd(sock.detach()))


def high_fd(fd: int) -> int:
    """The same for any descriptor; a low one is closed."""
    if fd >= LOWEST:
        os.set_inheritable(fd, False)
        return fd
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, LOWEST)
    os.close(fd)
    return copy


def control(path: str) -> socket.socket:
    """The supervisor's own socket: only its user, and root, can connect."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    sock.bind(path)
    os.chmod(path, 0o600)
    sock.listen(1024)
    return sock


def answers(path: str) -> bool:
    """Does a process listen on this Unix socket?"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:
            return True  # its queue is full
        except OSError:
            return False
    return True


def open_all(
    specs: list[Spec], run: str, activated: list[tuple[str, socket.socket]]
) -> dict[str, list[Listener]]:
    """By service; sockets that systemd passed are taken by name, then by address.

    Raises Refusal that names service and place: 78 for what is no address,
    1 for an address that is in use or not allowed.
    """
    opened: dict[str, list[Listener]] = {}
    try:
        for spec in specs:
            rows = opened.setdefault(spec.name, [])
            named = [pair for pair in activated if pair[0] == spec.name]
            for pair in named:
                activated.remove(pair)
                rows.append(Listener(pair[1], lent=True))
            for index, text in enumerate([] if named else spec.listen):
                where = f"services.{spec.name}.listen[{index}]"
                rows.append(_open(text, where, run, activated, specs))
                rows[-1].text = text
    except BaseException:
        for rows in opened.values():
            for row in rows:
                row.close()
        raise
    return opened


def adopt(
    specs: list[Spec], run: str, have: dict[str, list[Listener]]
) -> dict[str, list[Listener]]:
    """By service, as `open_all`, but what is open already is shared; raises Refusal.

    An address may move to another service.  What was found by the service's
    name stays the service's, whatever it is to listen on.
    """
    adopted: dict[str, list[Listener]] = {}
    opened: list[Listener] = []
    try:
        for spec in specs:
            own = have.get(spec.name, [])
            rows = adopted.setdefault(spec.name, [row for row in own if row.text is None])
            for index, text in enumerate([] if rows else spec.listen):
                where = f"services.{spec.name}.listen[{index}]"
                found = _shared(text, where, run, own, have)
                if found is None:
                    found = _open(text, where, run, [], specs)
                    opened.append(found)
                    found.text = text
                rows.append(found)
    except BaseException:
        for row in opened:
            row.close()
        raise
    return adopted


def _shared(
    text: str, where: str, run: str, own: list[Listener], have: dict[str, list[Listener]]
) -> Listener | None:
    for row in own:
        if row.text == text:
            return row
    if text.startswith("unix:"):
        address = f"unix:{os.path.join(run, text.removeprefix('unix:'))}"
    else:
        address = _address(*_resolve(text, where))
    return next((row for rows in have.values() for row in rows if row.address == address), None)


def places(specs: list[Spec], run: str) -> list[str]:
    """Where services would listen, as ``ListenStream=`` of systemd.socket(5) has it."""
    found = []
    for spec in specs:
        for index, text in enumerate(spec.listen):
            if text.startswith("unix:"):
                found.append(os.path.join(run, text.removeprefix("unix:")))
            else:
                family, place = _resolve(text, f"services.{spec.name}.listen[{index}]")
                found.append(_address(family, place))
    return found


def show(sock: socket.socket) -> str:
    """``127.0.0.1:8000``, ``[::1]:8000`` or ``unix:/run/app/web.sock``."""
    name: Any = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return f"unix:{os.fsdecode(name)}"
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"


def _open(
    text: str,
    where: str,
    run: str,
    activated: list[tuple[str, socket.socket]],
    specs: list[Spec],
) -> Listener:
    if text.startswith("unix:"):
        path = os.path.join(run, text.removeprefix("unix:"))
        # One that was left with systemd is of no use where its folder was removed meanwhile.
        found = _passed(f"unix:{path}", activated) if answers(path) else None
        return found or _open_unix(path, where)
    family, place = _resolve(text, where)
    address = _address(family, place)
    found = _passed(address, activated)
    if found is not None:
        return found
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        # `[::]:80` beside `0.0.0.0:80` is for IPv6 only; alone, it is for both.
        port = f":{place[1]}"
        both = any(
            other.endswith(port) and not other.startswith("[")
            for spec in specs
            for other in spec.listen
        )
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(both))
    _bind(sock, place, text, where)
    return Listener(sock)


def _open_unix(path: str, where: str) -> Listener:
    size = len(os.fsencode(path))
    if size > SOCKET_PATH_MOST:
        raise Refusal(
            f"{where}: {path}: a Unix socket's path may have {SOCKET_PATH_MOST} bytes, "
            f"this has {size}",
            code=CONFIG,
        )
    if answers(path):
        raise Refusal(f"{where}: unix:{path}: another process listens there")
    _unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _bind(sock, path, f"unix:{path}", where)
    # As web servers do; who may reach it is decided by the folder.
    os.chmod(path, 0o666)
    return Listener(sock, path)


def _bind(sock: socket.socket, place: Any, text: str, where: str) -> None:
    try:
        sock.bind(place)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        hint = {
            errno.EADDRINUSE: "another process listens there; `ss -ltnp` tells which",
            errno.EACCES: "a port below 1024 needs CAP_NET_BIND_SERVICE, or socket activation",
            errno.EADDRNOTAVAIL: "this host has no such address; 0.0.0.0 is all of them",
        }.get(error.errno or 0, "")
        reason = os.strerror(error.errno or 0)
        raise Refusal(f"{where}: {text}: {reason}", hint=hint, code=FAILED) from None


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


def _address(family: int, place: tuple[Any, ...]) -> str:
    return f"[{place[0]}]:{place[1]}" if family == socket.AF_INET6 else f"{place[0]}:{place[1]}"


def _passed(address: str, activated: list[tuple[str, socket.socket]]) -> Listener | None:
    for pair in activated:
        name, sock = pair
        if show(sock) == address:
            activated.remove(pair)
            lent = not name.startswith(STORED)
            path = None if lent or not address.startswith("unix:") else address[len("unix:") :]
            return Listener(sock, path, lent=lent)
    return None


def _unlink(path: str) -> None:
    try:
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)
    except OSError:
        return  # gone, or not ours to remove: bind tells
