"""The steps of a build, in order: one tuple.

A step takes a `Release` and returns one.  The project's own steps
(``settings.steps``) run between the phases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from relforge.model.release import Release
from relforge.model.spec import Settings
from relforge.pipeline import extension
from relforge.pipeline.sequence import Ahead, Step, Steps, begin
from relforge.support.late_import import resolve


class Phase(Enum):
    """What a step is for; `relforge build` runs the first two, `relforge release` all three."""

    ASSEMBLE = "lay the tree out in a draft"
    SEAL = "list what is in the draft, check it, give it its final name"
    PACK = "write the artifacts"


def _always(settings: Settings) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class BuiltInStep:
    """One step; functions are ``module:name``, imported when the step runs.

    ``early`` begins at once and needs the sources alone; the step is given its result.
    ``beside`` runs in parallel with the step and is given the same release;
    ``beside_if_packed`` does so only if artifacts will be written.
    ``after_if_packed`` begins when the step is done and nobody waits for it: it only fills
    the cache.  It is left out if a step of the project may change what it reads.
    """

    name: str
    phase: Phase
    function: str
    early: str = ""
    beside: str = ""
    beside_if_packed: str = ""
    after_if_packed: str = ""
    wanted: Callable[[Settings], bool] = _always


STEPS = (
    BuiltInStep("python", Phase.ASSEMBLE, "relforge.layers.python.step:step"),
    BuiltInStep(
        "deps",
        Phase.ASSEMBLE,
        "relforge.layers.deps.step:step",
        early="relforge.layers.deps.step:prepare",
    ),
    BuiltInStep(
        "app", Phase.ASSEMBLE, "relforge.layers.app:step", early="relforge.layers.app:prepare"
    ),
    BuiltInStep(
        "libraries",
        Phase.ASSEMBLE,
        "relforge.layers.libraries:step",
        after_if_packed="relforge.artifacts.formats:prepare",
    ),
    BuiltInStep(
        "runtime",
        Phase.ASSEMBLE,
        "relforge.layers.runtime.step:step",
        early="relforge.layers.runtime.step:prepare",
    ),
    BuiltInStep("assets", Phase.ASSEMBLE, "relforge.layers.assets.step:step"),
    BuiltInStep("overlays", Phase.ASSEMBLE, "relforge.layers.overlays:step"),
    BuiltInStep(
        "sbom",
        Phase.SEAL,
        "relforge.layers.sbom.step:step",
        beside="relforge.layers.manifest:prepare",
    ),
    BuiltInStep("manifest", Phase.SEAL, "relforge.layers.manifest:step"),
    BuiltInStep(
        "check",
        Phase.SEAL,
        "relforge.checks.step:step",
        beside_if_packed="relforge.artifacts.formats:prepare",
    ),
    BuiltInStep("publish", Phase.SEAL, "relforge.pipeline.staging:publish"),
    BuiltInStep("pack", Phase.PACK, "relforge.artifacts.formats:step"),
    BuiltInStep(
        "attest",
        Phase.PACK,
        "relforge.artifacts.attestation:step",
        wanted=lambda settings: settings.attest or bool(settings.sign),
    ),
    BuiltInStep(
        "smoke",
        Phase.PACK,
        "relforge.checks.smoke:step",
        wanted=lambda settings: settings.check.smoke,
    ),
)


def building(release: Release, *, pack: bool) -> Steps:
    """The steps up to a runnable tree; raises UserError if a step of the project is missing.

    What a project inserts before `pack` runs before SEAL: it may change the tree.
    """
    names = release.settings.steps
    own = {"assemble": _of(Phase.ASSEMBLE, release.settings, pack=pack)}
    before = extension.between(release, 0, names.index("pack"), own)
    return (*before, *_of(Phase.SEAL, release.settings, pack=pack))


def packing(release: Release) -> Steps:
    """The steps from the finished tree to the end; raises UserError as `building` does."""
    settings = release.settings
    own = {"pack": _of(Phase.PACK, settings)}
    return extension.between(release, settings.steps.index("pack"), len(settings.steps), own)


def early(release: Release) -> Ahead:
    """What can begin at once; nothing if a step of the project itself may write sources."""
    if release.settings.steps[0] != "assemble":
        return {}
    return {row.name: _late(row.early) for row in STEPS if row.early}


def _of(phase: Phase, settings: Settings, *, pack: bool = True) -> Steps:
    return tuple(
        (row.name, _step(row, settings, pack))
        for row in STEPS
        if row.phase is phase and row.wanted(settings)
    )


def _step(row: BuiltInStep, settings: Settings, pack: bool) -> Step:
    step = _late(row.function)
    beside = row.beside or (row.beside_if_packed if pack else "")
    if beside:
        step = _together(step, _late(beside))
    if row.after_if_packed and pack and not settings.own_steps:
        step = _followed(step, _late(row.after_if_packed))
    return step


def _together(step: Step, other: Step) -> Step:
    """The step, with the other in parallel.

    If the step fails, nobody waits for the other; it ends when the draft is removed.
    """

    def both(release: Release) -> Release:
        done = begin(other, release)
        result = step(release)
        done.result()
        return result

    return both


def _followed(step: Step, other: Step) -> Step:
    """The step; the other begins with its result, for a later need of the same."""

    def first(*arguments: object) -> Release:
        result = step(*arguments)
        begin(other, result)
        return result

    return first


def _late(place: str) -> Step:
    def call(*arguments: object) -> Release:
        result: Release = resolve(place)(*arguments)
        return result

    return call
