"""Whether the network may be used (``--offline``), and the directory of files in its place.

It is the process's business and that of whatever it starts, so the environment
carries it.
"""

from __future__ import annotations

import os
from pathlib import Path

OFFLINE = "RELFORGE_OFFLINE"
WHEELHOUSE = "RELFORGE_WHEELHOUSE"
_NO = ("", "0", "no", "false", "off")


def offline() -> bool:
    """Whether nothing may touch the network."""
    return os.environ.get(OFFLINE, "").lower() not in _NO


def go_offline() -> None:
    """Keep this process, and those it starts, from the network."""
    os.environ[OFFLINE] = "1"


def wheelhouse() -> Path | None:
    """The directory that ``--wheelhouse`` or its variable names."""
    given = os.environ.get(WHEELHOUSE)
    return Path(given).absolute() if given else None


def use_wheelhouse(directory: Path) -> None:
    """Let this process, and those it starts, look into that directory first."""
    os.environ[WHEELHOUSE] = str(directory.absolute())
