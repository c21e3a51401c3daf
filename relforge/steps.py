"""The steps of a build, in order.  A step takes a `Release` and returns one.

`relforge build` takes ASSEMBLE, which ends with a runnable tree under its
final name; `relforge release` goes on with PACK.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from relforge import (
    app,
    assets,
    check,
    deps,
    libraries,
    manifest,
    overlays,
    pack,
    python,
    runtime_files,
    staging,
)
from relforge.release import Release

Step = Callable[[Release], Release]
Watch = Callable[[str], AbstractContextManager[None]]  # called with each step's name

ASSEMBLE: tuple[tuple[str, Step], ...] = (
    ("python", python.step),
    ("deps", deps.step),
    ("app", app.step),
    ("libraries", libraries.step),
    ("assets", assets.step),
    ("overlays", overlays.step),
    ("runtime", runtime_files.step),
    ("manifest", manifest.step),
    ("check", check.step),
    ("publish", staging.publish),
)
PACK: tuple[tuple[str, Step], ...] = (("pack", pack.step),)


def run(release: Release, steps: tuple[tuple[str, Step], ...], watch: Watch) -> Release:
    """Take the release through the steps, in a workspace of its own.

    Whatever ends it early leaves no half tree and no half artifact behind.
    """
    with staging.workspace(release):
        for name, step in steps:
            with watch(name):
                release = step(release)
    return release
