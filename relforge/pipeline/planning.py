"""From a directory and an environment's name to a `Release`.

Every error that a user can make is raised here, before anything is written
(but for what only the assembled tree can show: see `relforge.checks`).
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

from relforge import cache
from relforge.artifacts import signing, sigstore
from relforge.artifacts.formats import choose
from relforge.layers import python
from relforge.layers.assets import step as assets
from relforge.model.release import Release
from relforge.model.spec import BuildRequest, Project, Settings
from relforge.pipeline import staging
from relforge.pipeline.lockable import lockable
from relforge.pipeline.source_date import source_date
from relforge.project import git
from relforge.project.settings.services import handed_nothing
from relforge.support.errors import SettingsError, UserError

log = logging.getLogger(__name__)


def plan(root: Path, order: BuildRequest) -> Release:
    """The release to be built, as its settings ask for it; raises UserError.

    Anything else that may be wrong is for `check` to report.
    """
    env = order.env
    wanted = lockable(root, env, order.target, order.name)
    found, typed, target = wanted.project, wanted.settings, wanted.target
    check = replace(
        typed.check,
        warnings_as_errors=order.strict or typed.check.warnings_as_errors,
        smoke=order.smoke or typed.check.smoke,
    )
    typed = replace(
        typed,
        check=check,
        attest=order.attest or typed.attest,
        sign=order.sign or os.environ.get(signing.VARIABLE) or typed.sign,
    )
    _check_paths(found, typed)
    for warning in handed_nothing(typed.services, typed.config):
        log.warning(warning)
    build_dir = found.root / "_build" / env
    if str(target) != python.host_target():
        build_dir /= str(target)  # a tree for this host stays beside it
    release = Release(
        project=found,
        settings=typed,
        env=env,
        target=target,
        source_date=source_date(found.root),
        revision=git.revision(found.root),
        build_dir=build_dir,
        tree=staging.draft(build_dir, typed.name, typed.version),
        python=wanted.python,
    )
    return choose(release, order.formats)


def check(release: Release) -> None:
    """Raise UserError where this release cannot be built here, or not from its lock."""
    found, typed, build_dir = release.project, release.settings, release.build_dir
    assets.check(release)
    if typed.sign == sigstore.WORD:
        sigstore.check()
    elif typed.sign:
        signing.check(signing.key(typed.sign, found.root))
    # Late: a lock that was checked before is not read again.
    from relforge.layers.deps import lockfiles  # noqa: PLC0415 - slow to import, seldom needed

    if typed.lock is not None:
        lockfiles.check(found.root / typed.lock, found, typed, release.python, release.target)
    elif any(lockfiles.wanted(found, typed)):
        raise UserError(
            f"{found.root}: the project has dependencies but no lockfile",
            hint="run: relforge lock",
        )
    for directory in (found.root / "dist", found.root / "_build", build_dir.parent, build_dir):
        if os.path.lexists(directory) and not directory.is_dir():
            raise UserError(
                f"{directory}: relforge needs a directory of that name, and this is a file",
                hint=f"move it: mv {directory} {directory}.saved",
            )


def _check_paths(found: Project, typed: Settings) -> None:
    """Refuse settings that name what is not in the project."""
    named = [
        (f"overlays[{index}].{overlay.kind}", overlay.source)
        for index, overlay in enumerate(typed.overlays)
        if overlay.kind in ("copy", "template")
    ]
    if typed.assets.run:
        named.append(("assets.cwd", typed.assets.cwd))
    named += [(f"app[{index}]", path) for index, path in enumerate(typed.app or ())]
    for key, path in named:
        place = found.root / path
        if not place.exists():
            raise SettingsError(
                f"tool.relforge.{key}: {found.root} has no {path!r}",
                hint="paths are relative to the project",
            )
        if not (place.is_file() or place.is_dir()):
            error = cache.special(path, place.stat().st_mode)
            raise SettingsError(f"tool.relforge.{key}: {error.message}", hint=error.hint)
    if typed.lock is not None and not (found.root / typed.lock).is_file():
        raise SettingsError(
            f"tool.relforge.lock: {found.root} has no {typed.lock!r}",
            hint="run: relforge lock",
        )
