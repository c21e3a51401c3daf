"""What `bin/python` of a release does first: it sets the variables of `export`, as `eval` does.

`relforge.pth` calls it, before anything of the application's is imported.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# `bin/python`, and what stands behind it in a release that uses the host's own Python.
NAMES = ("bin/python", "python/bin/python3")
_ENTRIES = (
    "/relforge/runtime/boot.py",
    "/relforge/runtime/boot_app.py",
)  # which load it themselves


def begin() -> None:
    """Load the configuration where it exports something; a failure is a note, and goes no further.

    An interpreter must start without a configuration, too: to look into the release, for one.
    """
    root = os.path.abspath(__file__)
    for _ in range(4):  # <release>/runtime/relforge/runtime/interpreter.py
        root = os.path.dirname(root)
    if not _is_meant(root):
        return
    from .contract import manifest
    from .errors import Refusal

    try:
        contract = manifest.load(root)
        if contract["config"].get("export"):
            _export(root, contract)
    except Refusal as refusal:
        text = f"{refusal.message}\nthe variables of `export` are not set"
        print(text, refusal.hint, sep="\n  ", file=sys.stderr)


def _is_meant(root: str) -> bool:
    """Is this `bin/python`, and not started by a process of the release, which has exported?"""
    return (
        sys.executable in [os.path.join(root, name) for name in NAMES]
        and "RELFORGE_CONFIG" not in os.environ
        and "RELFORGE_CONFIG_FD" not in os.environ
        and not any(word.endswith(_ENTRIES) for word in sys.orig_argv)
    )


def _export(root: str, contract: dict[str, Any]) -> None:
    from . import paths
    from .config import loading, view

    # As the launcher sets them; only providers see them here, since what this interpreter
    # starts may be another release.
    own = {name: contract[name.lower()] for name in ("NAME", "VERSION", "ENV")}
    launched = {"RELEASE_ROOT": root, **{f"RELEASE_{name}": text for name, text in own.items()}}
    environ = {**launched, **paths.environ(root)}
    view.install(loading.load(root, contract, environ), os.environ)
