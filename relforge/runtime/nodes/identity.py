"""What a node is called: ``shop@web1``, after the release and the host.

``RELEASE_NODE`` gives it another name.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "RELEASE_NODE"


def node(environ: Mapping[str, str] = os.environ) -> str:
    """The name of this node."""
    return environ.get(VARIABLE) or f"{environ.get('RELEASE_NAME', 'app')}@{os.uname().nodename}"


def is_here(host: str) -> bool:
    """Whether a host of `discovery` is this one: by its name, or by one of its addresses."""
    own = os.uname().nodename
    if host.partition(".")[0] == own.partition(".")[0] and not host[:1].isdigit():
        return True
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((socket.inet_ntop(family, socket.inet_pton(family, host)), 0))
    except OSError:  # not an address, or not one of this host
        return False
    return True
