"""From settings to a tree or an artifact, doing only what was not done before."""

from __future__ import annotations

from pathlib import Path

from relforge.cache.housekeeping import usage
from relforge.model.release import Release
from relforge.model.spec import BuildRequest
from relforge.pipeline import build_record, input_key, planning, staging, steps
from relforge.pipeline.sequence import run
from relforge.support.progress import Watch


def build(root: Path, order: BuildRequest, watch: Watch) -> Release:
    """The runnable tree of the project in that directory.

    Raises UserError for whatever a user can fix.  Whatever ends it early
    leaves no half tree behind.
    """
    with usage.for_a_build():
        return _build(planning.plan(root, order), watch, pack=False)


def release(root: Path, order: BuildRequest, watch: Watch) -> Release:
    """The tree and its artifacts; of these, too, each is there whole or not at all."""
    with usage.for_a_build():
        return _build(planning.plan(root, order), watch, pack=True)


def _build(release: Release, watch: Watch, *, pack: bool) -> Release:
    key = input_key.key(release)
    # What a step of the project's own depends on is unknown.
    known = not release.settings.own_steps and build_record.is_known(release, key)
    if not known:
        planning.check(release)
    with staging.workspace(release):
        built = build_record.find(release, key) if known else None
        if built is not None:
            with watch("unchanged"):
                pass
            if not pack:
                return built
        after = steps.packing(release) if pack else ()
        if built is None:
            staging.refuse_running(release)
            wanted = steps.building(release, pack=pack)
            built = run(release, wanted, watch, steps.early(release))
            if input_key.key(release) == key:  # else somebody wrote to the project meanwhile
                build_record.keep(built, key)
        return run(built, after, watch, {"sweep": staging.sweep})
