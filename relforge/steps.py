"""The steps of a build, in order.  A step takes a `Release` and returns one.

    lock -> python -> deps -> app -> assets -> overlays -> runtime -> manifest -> check
         -> pack -> announce

`relforge build` stops after `check`, with a runnable tree under its final name.
"""

from __future__ import annotations

from collections.abc import Callable

from relforge import app, assets, check, deps, overlays, pack, python, runtime_files
from relforge import manifest as manifest_
from relforge.release import Release

Step = Callable[[Release], Release]

ASSEMBLE: tuple[tuple[str, Step], ...] = (
    ("python", python.step),
    ("deps", deps.step),
    ("app", app.step),
    ("assets", assets.step),
    ("overlays", overlays.step),
    ("runtime", runtime_files.step),
    ("manifest", manifest_.step),
    ("check", check.step),
)
PACK: tuple[tuple[str, Step], ...] = (("pack", pack.step),)
