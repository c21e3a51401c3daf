"""Whether the load balancer is to leave this instance out: a file in the state directory.

`drain` writes ``<state>/draining`` and `undrain` removes it.  It outlives restarts, upgrades and
reboots: what an operator has taken out comes back when the operator says so.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "draining"


def path(state: str) -> str:
    """The file in that state directory."""
    return os.path.join(state, FILE)


def draining(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the readiness page of this process should answer 503, so that no request comes.

    True between `drain` and `undrain`; False outside a release.  It costs one stat(2).
    """
    state = environ.get("RELEASE_STATE_DIR")
    return state is not None and os.path.exists(path(state))
