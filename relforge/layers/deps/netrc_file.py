"""A netrc for one resolver: its own indexes, and nothing else of what the user's file holds.

A build backend that a resolver asks sees what the resolver sees, so `NETRC` names this file
there, and not the user's.
"""

from __future__ import annotations

import netrc
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from relforge.layers.deps import credentials
from relforge.layers.deps.package_sources import PackageSources
from relforge.support.urls import split_url

_ADDRESS = re.compile(r"https?://[^\s\"']+")
_DOMAIN = 2  # names: a host of `corp.example` may keep its files on another one


def write(path: Path, places: PackageSources, requirements: str) -> dict[str, str]:
    """Write it at ``path``, for this user alone; the variable that names it.

    It holds the logins of the indexes, and of the user's netrc those for their hosts, for hosts
    of the same domain and for the addresses in ``requirements``.  Raises UserError for a netrc
    that cannot be read.
    """
    own = credentials.own_netrc()
    rows = dict(_of_indexes(places))
    if own is None and not rows:
        return {}
    addresses = [*(index.url for index in places.indexes), *places.pages]
    addresses += _ADDRESS.findall(requirements)
    wanted = {host for host in map(_host, addresses) if host}
    if own is not None:
        rows = {**dict(_of_user(own, wanted)), **rows}
    path.touch(mode=0o600)
    path.write_text("".join(_line(host, login) for host, login in rows.items()), encoding="utf-8")
    return {"NETRC": str(path)}


def _of_user(own: netrc.netrc, wanted: set[str]) -> Iterator[tuple[str, credentials.Login]]:
    near = (host for host in own.hosts if any(_is_near(host, other) for other in wanted))
    for host in sorted({*wanted, *near}):
        found = own.authenticators(host)
        if found:
            yield host, (found[0], found[2] or "")


def _of_indexes(places: PackageSources) -> Iterator[tuple[str, credentials.Login]]:
    for index in places.by_priority:
        user, password = (places.logins or {}).get(index.url, ("", ""))
        if user or password:
            yield _host(index.url), (unquote(user), unquote(password))


def _host(address: str) -> str:
    return split_url(address).hostname or ""


def _is_near(host: str, wanted: str) -> bool:
    """The same, or another one of its domain."""
    domain = wanted.partition(".")[2]
    return host == wanted or (domain.count(".") >= _DOMAIN - 1 and host.endswith(f".{domain}"))


def _line(host: str, login: credentials.Login) -> str:
    user, password = map(_word, login)
    return f"machine {host} login {user} password {password}\n"


def _word(text: str) -> str:
    """One word of a netrc(5); quoted only where it has to be, which not every reader knows."""
    if not re.search(r"[\s\"\\#]", text):
        return text
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
