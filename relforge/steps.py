"""The steps of a build, in order.  A step takes a `Release` and returns one.

    ASSEMBLE   lays the tree out in a draft
    ...        steps of the project, which may change it
    SEAL       lists what is in it, tries it out, gives it its final name: `relforge build` ends
    PACK       makes the artifacts of it, see `relforge.packing`
    ...        steps of the project, which may read all of it: `relforge release` ends

Where the project's own steps come in is `settings.steps`.
"""

from __future__ import annotations

from collections.abc import Callable

from relforge import (
    app,
    assets,
    checks,
    extension,
    formats,
    libraries,
    manifest,
    overlays,
    runtime_files,
    sbom,
    staging,
)
from relforge.deps import step as deps
from relforge.python import step as python
from relforge.release import Release
from relforge.sequence import Ahead, Step, Steps, begin


def _beside(step: Step, other: Callable[[Release], None]) -> Step:
    """The step, while something else is done with the same release.

    Where the step fails nobody waits for that; it ends when the draft is removed.
    """

    def both(release: Release) -> Release:
        done = begin(other, release)
        result = step(release)
        done.result()
        return result

    return both


ASSEMBLE: Steps = (
    ("python", python.step),
    ("deps", deps.step),
    ("app", app.step),
    ("libraries", libraries.step),
    ("runtime", runtime_files.step),
    ("assets", assets.step),
    ("overlays", overlays.step),
)
SEAL: Steps = (
    ("sbom", _beside(sbom.step, manifest.prepare)),
    ("manifest", manifest.step),
    ("check", checks.step),
    ("publish", staging.publish),
)
# What takes long and needs the sources alone.
AHEAD: Ahead = {"deps": deps.prepare, "app": app.prepare}


def building(release: Release, *, pack: bool) -> Steps:
    """Up to a runnable tree under its final name; raises UserError where a step is not there.

    What a project inserts before `pack` comes before SEAL: it may change the
    tree.  Where the tree will be packed, it is compressed while it is checked.
    """
    names = release.settings.steps
    before = extension.between(release, 0, names.index("pack"), {"assemble": ASSEMBLE})
    seal = SEAL
    if pack:
        beside = {"check": _beside(checks.step, formats.prepare)}
        seal = tuple((name, beside.get(name, step)) for name, step in SEAL)
    return (*before, *seal)


def ahead(release: Release) -> Ahead:
    """What can begin at once; nothing where a step of the project's own may write sources."""
    return AHEAD if release.settings.steps[0] == "assemble" else {}
