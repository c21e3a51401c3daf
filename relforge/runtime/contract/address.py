"""Where a service listens: ``HOST:PORT``, ``[IPV6]:PORT``, ``:PORT`` or ``unix:PATH``.

A Unix socket may have socat's options: ``unix:PATH,mode=0660,group=www-data``.
"""

from __future__ import annotations

from . import reference
from .wrong import Wrong

UNIX = "unix:"
EVERYWHERE = "0.0.0.0"  # the host of ``:PORT``, and of ``*:PORT``
HIGHEST = 65535
MODE = 0o666  # of a Unix socket, as web servers have it: its directory decides who may reach it
PATH_MOST = 107  # bytes: sizeof(sun_path) less the NUL, unix(7)
HINT = "write HOST:PORT, [IPV6]:PORT or unix:/PATH"
# What a reference that begins a text may hold: all of the address, its host, or a path's begin.
_BEGINNINGS = ("0", "0:0", f"{UNIX}/0")


class Address:
    """``host`` and ``port``; or ``path``, which may be relative to the run directory.

    Of a Unix socket also the ``mode``, and the ``group`` where it is not that of the process.
    """

    def __init__(
        self, *, host: str = "", port: int = 0, path: str = "", mode: int = MODE, group: str = ""
    ) -> None:
        self.host = host
        self.port = port
        self.path = path
        self.mode = mode
        self.group = group


def read(text: str) -> Address:
    """The address that a text is; raises Wrong.  Port 0 is any free one."""
    if any(not sign.isprintable() or sign == " " for sign in text) and not text.startswith(UNIX):
        raise _not(text)
    if text.startswith(UNIX):
        return _unix(text)
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    inner = host[1:-1] if bracketed else host
    foreign = "[]/" if bracketed else ":[]/"
    if not colon or any(sign in foreign for sign in inner) or host in ("[]", "[*]"):
        raise _not(text)
    if not (port.isascii() and port.isdecimal()):
        raise Wrong(f"{text!r} has no port after its last colon: a port is a number", hint=HINT)
    if len(port.lstrip("0")) > 5 or int(port) > HIGHEST:
        raise Wrong(f"{text!r}: a port is a number from 0 to {HIGHEST}")
    return Address(host=EVERYWHERE if inner in ("", "*") else inner, port=int(port))


def outright(text: str) -> tuple[str, int] | None:
    """Host and port as a setting has them; None for a path, and a port that is put in at boot."""
    host, colon, port = text.rpartition(":")
    if text.startswith(UNIX) or not colon or not (port.isascii() and port.isdecimal()):
        return None
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this host, or this container, reaches an address with that host."""
    return host.removeprefix("[").startswith(("127.", "localhost", "::1"))


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


def _unix(text: str) -> Address:
    path, *options = text.removeprefix(UNIX).split(",")
    if not path or not path.isprintable():
        raise _not(text)
    if path.startswith("@"):
        hint = "an abstract socket has no permissions: write unix:PATH, or unix:./@NAME for a file"
        raise Wrong(f"{text!r} is an abstract socket", hint=hint)
    if path.endswith("/"):
        raise Wrong(f"{text!r} is a directory", hint="write the path of the socket in it")
    size = len(path.encode())
    if size > PATH_MOST:
        raise Wrong(f"{text!r}: a Unix socket's path may have {PATH_MOST} bytes, this has {size}")
    mode, group = MODE, ""
    for option in options:
        name, _, value = option.partition("=")
        if name == "mode" and 3 <= len(value) <= 4 and not value.strip("01234567"):
            mode = int(value, 8)
        elif name == "group" and value and value.isprintable():
            group = value
        else:
            hint = "write unix:PATH,mode=0660,group=NAME"
            raise Wrong(f"{text!r}: {option!r} is not an option of a Unix socket", hint=hint)
    return Address(path=path, mode=mode, group=group)


def _not(text: str) -> Wrong:
    return Wrong(f"{text!r} is not an address", hint=HINT)
