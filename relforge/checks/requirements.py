"""Packages of the release that do not agree with each other, as ``pip check`` finds them."""

from __future__ import annotations

from collections.abc import Iterator

from relforge.layers.deps import consistency, lockfiles, wheel_metadata
from relforge.layers.deps.platform import platform
from relforge.model.release import Finding, Release

RULE = consistency.RULE


def rule(release: Release) -> Iterator[Finding]:
    """Each requirement, of the project or of a package, that the release does not meet."""
    there = consistency.with_project(
        wheel_metadata.of_tree(release.tree, release.python.site_packages),
        release.project,
        release.settings,
    )
    direct = lockfiles.wanted(release.project, release.settings)
    target = platform(release.python, release.target)
    for row in consistency.problems(direct, there, target):
        yield Finding(
            severity="error" if row.is_error else "warning",
            rule=RULE,
            path=row.subject,
            message=row.message,
            hint="lock a version that fits",
        )
