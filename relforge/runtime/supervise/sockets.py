"""The listening sockets, which outlive every process that accepts on them."""

from __future__ import annotations

import errno
import os
import socket

from ..errors import CONFIG, FAILED, Refusal
from ..paths import SOCKET_PATH_MOST
from ..wire.unix import answers
from . import addresses, private_socket
from .addresses import ListenAddress
from .listener import Listener, unlink
from .specs import Spec
from .systemd import STORED

TYPE_CHECKING = False
if TYPE_CHECKING:
    Activated = list[tuple[str, socket.socket]]

BACKLOG = 2048
_INET_HINTS = {
    errno.EADDRINUSE: "another process listens there; `ss -ltnp` shows which one",
    errno.EACCES: "a port below 1024 needs CAP_NET_BIND_SERVICE, or socket activation",
    errno.EADDRNOTAVAIL: "this host has no such address; 0.0.0.0 is all of them",
}
_UNIX_HINTS = {
    errno.EADDRINUSE: "another process listens there; `ss -lxp` shows which one",
    errno.EACCES: "the user of the release cannot write to that directory",
    errno.ENOENT: "that directory does not exist: make it",
}


def control(path: str) -> socket.socket:
    """The supervisor's own socket: only its user, and root, can connect; raises Refusal."""
    sock = private_socket.bind(path, socket.SOCK_STREAM)
    sock.listen(1024)
    return sock


def open_all(specs: list[Spec], run: str, activated: Activated) -> dict[str, list[Listener]]:
    """By service; sockets that systemd passed are taken by name, then by address.

    Raises Refusal that names service and place: 78 for what is not an address,
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
            for text, where in () if named else addresses.settings(spec):
                rows.append(_open(addresses.read(text, where, run), specs, activated))
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
    everybody = [row for rows in have.values() for row in rows]
    try:
        for spec in specs:
            own = have.get(spec.name, [])
            rows = adopted.setdefault(spec.name, [row for row in own if row.text is None])
            for text, where in () if rows else addresses.settings(spec):
                # As it is written first: a name that is served already need not resolve again.
                found = next((row for row in own if row.text == text), None)
                if found is None:
                    address = addresses.read(text, where, run)
                    found = next((row for row in everybody if row.address == str(address)), None)
                    if found is not None and found.path is not None:
                        _permit(address)
                if found is None:
                    found = _open(address, specs, [])
                    opened.append(found)
                rows.append(found)
    except BaseException:
        for row in opened:
            row.close()
        raise
    return adopted


def _open(address: ListenAddress, specs: list[Spec], activated: Activated) -> Listener:
    """The one that systemd passed for this address, else a new one."""
    if address.family == socket.AF_UNIX:
        # One that was left with systemd is of no use where its directory was removed meanwhile.
        found = _passed(str(address), activated) if answers(address.place) else None
        found = found or _open_unix(address)
    else:
        found = _passed(str(address), activated) or _open_inet(address, specs)
    found.text = address.text
    return found


def _passed(address: str, activated: Activated) -> Listener | None:
    for pair in activated:
        name, sock = pair
        if addresses.shown(sock) == address:
            activated.remove(pair)
            lent = not name.startswith(STORED)
            path = None if lent or not address.startswith("unix:") else address[len("unix:") :]
            return Listener(sock, path, lent=lent)
    return None


def _open_inet(address: ListenAddress, specs: list[Spec]) -> Listener:
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if address.family == socket.AF_INET6:
        # `[::]:80` beside `0.0.0.0:80` is for IPv6 only; alone, it is for both.
        port = f":{address.place[1]}"
        both = any(
            other.endswith(port) and not other.startswith("[")
            for spec in specs
            for other in spec.listen
        )
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(both))
    _bind(sock, address, address.text)
    return Listener(sock)


def _open_unix(address: ListenAddress) -> Listener:
    path = address.place
    size = len(os.fsencode(path))
    if size > SOCKET_PATH_MOST:
        raise Refusal(
            f"{address.where}: {path}: a Unix socket's path may have {SOCKET_PATH_MOST} bytes, "
            f"this has {size}",
            code=CONFIG,
        )
    if os.path.isdir(path) and not os.path.islink(path):
        raise Refusal(f"{address.where}: {address}: a directory is there", code=CONFIG)
    if answers(path):
        raise Refusal(
            f"{address.where}: {address}: another process listens there",
            hint="`ss -lxp` shows which one",
        )
    unlink(path)
    if os.path.lexists(path):
        raise Refusal(
            f"{address.where}: {address}: a file that is not a socket is there, or it belongs to "
            "another user",
            hint=f"see what it is, then remove it: rm {path}",
        )
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _bind(sock, address, str(address))
    return Listener(sock, path)


def _permit(address: ListenAddress) -> None:
    """Give a Unix socket its group and mode; raises Refusal."""
    try:
        if address.group >= 0:
            os.chown(address.place, -1, address.group)
        os.chmod(address.place, address.mode)
    except OSError as error:
        raise Refusal(
            f"{address.where}: {address.text}: {error.strerror}",
            hint="the user of the release has to be a member of that group",
        ) from None


def _bind(sock: socket.socket, address: ListenAddress, name: str) -> None:
    hints = _UNIX_HINTS if address.family == socket.AF_UNIX else _INET_HINTS
    try:
        sock.bind(address.place)
        if address.family == socket.AF_UNIX:
            _permit(address)  # before anybody can connect
        sock.listen(BACKLOG)
    except Refusal:
        sock.close()
        unlink(address.place)
        raise
    except OSError as error:
        sock.close()
        hint = hints.get(error.errno or 0, "")
        reason = os.strerror(error.errno or 0)
        raise Refusal(f"{address.where}: {name}: {reason}", hint=hint, code=FAILED) from None
