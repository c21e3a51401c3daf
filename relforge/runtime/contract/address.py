"""Where a service listens: ``HOST:PORT``, ``[IPV6]:PORT``, ``:PORT`` or ``unix:PATH``."""

from __future__ import annotations

from . import reference
from .wrong import Wrong

UNIX = "unix:"
EVERYWHERE = "0.0.0.0"  # the host of ``:PORT``
HIGHEST = 65535
PATH_MOST = 107  # bytes: sizeof(sun_path) less the NUL, unix(7)
HINT = "write HOST:PORT, [IPV6]:PORT or unix:/PATH"
# What a reference that begins a text may hold: all of the address, its host, or a path's begin.
_BEGINNINGS = ("0", "0:0", f"{UNIX}/0")


class Address:
    """``host`` and ``port``; or ``path`` alone, which may be relative to the run directory."""

    __slots__ = ("host", "path", "port")

    def __init__(self, *, host: str = "", port: int = 0, path: str = "") -> None:
        self.host = host
        self.port = port
        self.path = path


def read(text: str) -> Address:
    """The address that a text is; raises Wrong.  Port 0 is any free one."""
    if any(not sign.isprintable() or sign == " " for sign in text) and not text.startswith(UNIX):
        raise _not(text)
    if text.startswith(UNIX):
        return Address(path=_path(text))
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    inner = host[1:-1] if bracketed else host
    foreign = "[]/" if bracketed else ":[]/"
    if not colon or any(sign in foreign for sign in inner) or host == "[]":
        raise _not(text)
    if not (port.isascii() and port.isdecimal()):
        raise Wrong(f"{text!r} has no port after its last colon", hint=HINT)
    if len(port.lstrip("0")) > 5 or int(port) > HIGHEST:
        raise Wrong(f"{text!r}: a port is a number from 0 to {HIGHEST}")
    return Address(host=inner or EVERYWHERE, port=int(port))


def outright(text: str) -> tuple[str, int] | None:
    """Host and port as a setting has them; None for a path, and a port that is put in at boot."""
    host, colon, port = text.rpartition(":")
    if text.startswith(UNIX) or not colon or not (port.isascii() and port.isdecimal()):
        return None
    return host, int(port)


def check(text: str) -> None:
    """Raise Wrong for a setting that is not an address, whatever the configuration puts in it."""
    if not reference.keys(text):
        read(reference.put(text, str))
        return
    problem: Wrong | None = None
    for beginning in _BEGINNINGS if text.startswith("${") else _BEGINNINGS[:1]:
        values = iter((beginning,))
        try:
            read(reference.put(text, lambda _key, values=values: next(values, "0")))  # type: ignore[misc]  # a default binds it
        except Wrong as wrong:
            problem = problem or wrong
        else:
            return
    raise Wrong(f"{text!r} is not an address with any value", hint=HINT) from problem


def _path(text: str) -> str:
    path = text.removeprefix(UNIX)
    if not path or not path.isprintable():
        raise _not(text)
    size = len(path.encode())
    if size > PATH_MOST:
        raise Wrong(f"{text!r}: a Unix socket's path may have {PATH_MOST} bytes, this has {size}")
    return path


def _not(text: str) -> Wrong:
    return Wrong(f"{text!r} is not an address", hint=HINT)
