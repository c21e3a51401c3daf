"""Who one is at an index: its own variables or address, netrc, keyring; in that order.

What is found goes into a header of a request, and nowhere else.
"""

from __future__ import annotations

import netrc
import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote

from relforge.layers.deps.package_sources import PackageSources
from relforge.support import masking
from relforge.support.errors import UserError
from relforge.support.urls import split_url

Login = tuple[str, str]


def at_hand(url: str, places: PackageSources) -> Login | None:
    """What variables, the index's address or netrc hold; raises UserError for a bad netrc."""
    given = _of_index(url, places)
    if given and given[1]:
        return given
    return _of_netrc(url) or given


def stored(url: str, places: PackageSources) -> Login | None:
    """What the keyring holds; it may ask its user, so it comes last."""
    given = _of_index(url, places)
    return _of_keyring(url, given[0] if given else "", places) if places.keyring else None


def header(login: Login) -> str:
    """The value of ``Authorization``."""
    masking.remember(login[1])
    return "Basic " + b64encode(":".join(login).encode()).decode()


def _of_index(url: str, places: PackageSources) -> Login | None:
    """Of the index that the address is below, or else of one on the same host."""
    origin = _origin(url)
    near = [
        (address, login)
        for address, login in (places.logins or {}).items()
        if _origin(address) == origin
    ]
    best = max(near, key=lambda row: (url.startswith(f"{row[0]}/"), len(row[0])), default=None)
    return (unquote(best[1][0]), unquote(best[1][1])) if best else None


def own_netrc() -> netrc.netrc | None:
    """The user's own file, None without one; raises UserError for one that cannot be read."""
    path = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
    if not path.is_file():
        return None
    try:
        return netrc.netrc(path)
    except (OSError, netrc.NetrcParseError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.msg
        raise UserError(f"{path}: cannot be read: {reason}") from None


def _of_netrc(url: str) -> Login | None:
    own = own_netrc()
    found = own.authenticators(split_url(url).hostname or "") if own else None
    return (found[0], found[2] or "") if found else None


def _of_keyring(url: str, user: str, places: PackageSources) -> Login | None:
    program = shutil.which("keyring")
    if program is None:
        return None
    for service in (*_indexes_of(url, places), split_url(url).netloc):
        words = ["get", service, user] if user else ["--mode", "creds", "get", service, ""]
        try:
            done = subprocess.run(
                [program, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        rows = done.stdout.splitlines()
        if done.returncode == 0 and len(rows) == (1 if user else 2):
            return (user, rows[0]) if user else (rows[0], rows[1])
    return None


def _indexes_of(url: str, places: PackageSources) -> list[str]:
    return [index.url for index in places.indexes if _origin(index.url) == _origin(url)]


def _origin(url: str) -> tuple[str, str]:
    address = split_url(url)
    host = (address.hostname or "") + (f":{address.port}" if address.port else "")
    return address.scheme, host
