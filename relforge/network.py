"""Whether the network may be used: ``--offline``, or ``RELFORGE_OFFLINE=1``.

It is the process's business and that of whatever it starts, so the environment
carries it.
"""

from __future__ import annotations

import os

OFFLINE = "RELFORGE_OFFLINE"
_NO = ("", "0", "no", "false", "off")


def offline() -> bool:
    """Whether nothing may touch the network."""
    return os.environ.get(OFFLINE, "").lower() not in _NO


def go_offline() -> None:
    """Keep this process, and those it starts, from the network."""
    os.environ[OFFLINE] = "1"
