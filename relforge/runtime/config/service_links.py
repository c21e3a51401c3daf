"""Variables that Kubernetes sets in each container for each Service (`enableServiceLinks`).

A Service that is called as the application is brings names with its prefix:
``SHOP_SERVICE_HOST``, ``SHOP_SERVICE_PORT``, ``SHOP_PORT=tcp://10.1.2.3:8000`` and more,
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HOST = "_SERVICE_HOST"
_ADDRESS = re.compile(r"(tcp|udp|sctp)://")
_OF_A_PORT = re.compile(r"_PORT_[0-9]+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?|_SERVICE_PORT_\w+")


def names(environ: Mapping[str, str]) -> frozenset[str]:
    """The names of these variables; none where only some of a Service's are there."""
    return frozenset(name for base in _services(environ) for name in _of(base, environ))


def _services(environ: Mapping[str, str]) -> Iterator[str]:
    for name in environ:
        base = name.removesuffix(_HOST)
        port = environ.get(f"{base}_SERVICE_PORT", "")
        address = environ.get(f"{base}_PORT", "")
        if name.endswith(_HOST) and port.isdecimal() and _ADDRESS.match(address):
            yield base


def _of(base: str, environ: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{base}{_HOST}", f"{base}_SERVICE_PORT", f"{base}_PORT")
    for name in environ:
        if name.startswith(base) and _OF_A_PORT.fullmatch(name.removeprefix(base)):
            yield name
