"""From settings to a tree or an artifact, doing only what was not done before."""

from __future__ import annotations

from pathlib import Path

from relforge import config, inputs, last, packing, staging
from relforge.housekeeping import use
from relforge.release import Release
from relforge.sequence import run
from relforge.spec import Order
from relforge.watch import Watch


def build(root: Path, order: Order, watch: Watch) -> Release:
    """The runnable tree of the project in that folder.

    Raises UserError for whatever a user can mend.  Whatever ends it early
    leaves no half tree behind.
    """
    with use.for_a_build():
        return _build(config.plan(root, order), watch, pack=False)


def release(root: Path, order: Order, watch: Watch) -> Release:
    """The tree and its artifacts; of these, too, each is there whole or not at all."""
    with use.for_a_build():
        return _build(config.plan(root, order), watch, pack=True)


def _build(release: Release, watch: Watch, *, pack: bool) -> Release:
    key = inputs.key(release)
    # Nobody can tell what a step of the project's own depends on.
    known = not release.settings.own_steps and last.is_known(release, key)
    if not known:
        config.check(release)
    with staging.workspace(release):
        built = last.find(release, key) if known else None
        if built is not None:
            with watch("unchanged"):
                pass
            if not pack:
                return built
        after = packing.steps(release) if pack else ()
        if built is None:
            staging.refuse_running(release)
            built = _made(release, watch, pack=pack)
            if inputs.key(release) == key:  # else somebody wrote to the project meanwhile
                last.keep(built, key)
        return run(built, after, watch, {"sweep": staging.sweep})


def _made(release: Release, watch: Watch, *, pack: bool) -> Release:
    # Late: a build that has nothing to do is over before all of this is read.
    from relforge import steps  # noqa: PLC0415 - late, as it says above

    return run(release, steps.building(release, pack=pack), watch, steps.ahead(release))
