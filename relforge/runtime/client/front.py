"""Who reads the lines of a console: prompt_toolkit where terminal and release have it."""

from __future__ import annotations

import os
import sys

from .. import paths
from ..contract import manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .remote_session import Front

LIBRARIES = "runtime/console-libs"


def possible() -> bool:
    """Whether ``terminal`` can do its work here."""
    if os.environ.get("TERM", "dumb") in ("dumb", "") or not sys.stdout.isatty():
        return False
    return os.path.isdir(os.path.join(manifest.root(), LIBRARIES))


def terminal(kind: str) -> Front:
    """Line editing, with a history of that kind; puts the libraries on this process's path."""
    root = manifest.root()
    sys.path.append(os.path.join(root, LIBRARIES))
    # Late: what it needs takes a tenth of a second to import.
    from . import history
    from .terminal import Terminal

    name = os.environ.get("RELEASE_NAME", "app")
    return Terminal(history.place(name, paths.of(root).state, kind))


def plain() -> Front:
    """Without any feature of a terminal."""
    from .plain import Plain

    return Plain()
