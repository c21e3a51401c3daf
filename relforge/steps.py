"""The steps of a build, in order.  A step takes a `Release` and returns one.

    ASSEMBLE   lays the tree out in a draft
    ...        steps of the project, which may change it
    SEAL       lists what is in it, tries it out, gives it its final name: `relforge build` ends
    PACK       makes the artifacts of it
    ...        steps of the project, which may read all of it: `relforge release` ends

Where the project's own steps come in is `settings.steps`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from relforge import (
    app,
    assets,
    attest,
    checks,
    command,
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
from relforge.watch import Watch

Step = Callable[[Release], Release]
Steps = tuple[tuple[str, Step], ...]
Ahead = tuple[Callable[[Release], str | None], ...]

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
    ("sbom", sbom.step),
    ("manifest", manifest.step),
    ("check", checks.step),
    ("publish", staging.publish),
)
AHEAD: Ahead = (deps.prepare, app.prepare)  # what takes long and needs the sources alone
PACK: Steps = (
    ("pack", formats.step),
    ("attest", attest.step),  # where settings ask for it
    ("smoke", checks.smoke),  # where settings ask for it
)
BUILT_IN = {"assemble": ASSEMBLE, "pack": PACK}  # by the names that `settings.steps` has for them


def building(release: Release, *, pack: bool) -> Steps:
    """Up to a runnable tree under its final name; raises UserError where a step is not there.

    What a project inserts before `pack` comes before SEAL: it may change the
    tree.  Where the tree will be packed, it is compressed while it is checked.
    """
    names = release.settings.steps
    before = _expanded(release, 0, names.index("pack"))
    seal = SEAL
    if pack:
        beside = {"check": _beside(checks.step, formats.prepare)}
        seal = tuple((name, beside.get(name, step)) for name, step in SEAL)
    return (*before, *seal)


def packing(release: Release) -> Steps:
    """From there to the artifacts, and what the project does with them."""
    names = release.settings.steps
    return _expanded(release, names.index("pack"), len(names))


def ahead(release: Release) -> Ahead:
    """What can begin at once; nothing where a step of the project's own may write sources."""
    return AHEAD if release.settings.steps[0] == "assemble" else ()


def run(release: Release, steps: Steps, watch: Watch, ahead: Ahead = ()) -> Release:
    """Take the release through the steps.

    What is done ``ahead`` fills the cache for them, and tells which layer it
    had to make; a step that needs it waits for it, or fails in the same way.
    """
    with ThreadPoolExecutor() as pool:
        begun = [pool.submit(prepare, release) for prepare in ahead]
        try:
            for name, step in steps:
                with watch(name):
                    release = step(release)
        except BaseException:
            command.end_all()
            raise
    made = {row.result() for row in begun if row.exception() is None}
    layers = (replace(row, cached=row.cached and row.name not in made) for row in release.layers)
    return replace(release, layers=tuple(layers))


def _beside(step: Step, other: Callable[[Release], None]) -> Step:
    """The step, while something else is done with the same release."""

    def both(release: Release) -> Release:
        with ThreadPoolExecutor(max_workers=1) as pool:
            done = pool.submit(other, release)
            result = step(release)
            done.result()
        return result

    return both


def _expanded(release: Release, first: int, last: int) -> Steps:
    """The steps that the names of that range stand for."""
    rows: list[tuple[str, Step]] = []
    settings = release.settings
    left_out = {
        *(() if settings.check.smoke else ("smoke",)),
        *(() if settings.attest or settings.sign else ("attest",)),
    }
    for index in range(first, last):
        name = release.settings.steps[index]
        if name in BUILT_IN:
            rows += [row for row in BUILT_IN[name] if row[0] not in left_out]
        else:
            where = f"tool.relforge.steps[{index}]"
            rows.append((name, extension.load(release.project.root, name, where)))
    return tuple(rows)
