"""What the import of the application wrote into the release: it is removed, and named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Set

from relforge.checks.leftovers import RULE
from relforge.model.release import Finding, Release

DIRECTORY = "app"  # what the sources see as their own directory


def listing(release: Release) -> frozenset[str]:
    """The files and directories of the application's sources, relative to the release."""
    return frozenset(_below(release, DIRECTORY))


def rule(release: Release, before: Set[str]) -> Iterator[Finding]:
    """Each file that was not there ``before``; none of them is left in the tree."""
    for path in sorted(listing(release) - before, reverse=True):  # a directory behind its files
        place = release.tree / path
        if place.is_dir() and not place.is_symlink():
            place.rmdir()
        else:
            place.unlink(missing_ok=True)
            yield Finding(
                severity="warning",
                rule=RULE,
                path=path,
                message="was written when the application was imported, and is not shipped: "
                "nothing may write into a release",
                hint="keep such files in the directory that the variable RELEASE_STATE_DIR names",
            )


def _below(release: Release, directory: str) -> Iterator[str]:
    try:
        rows = list(os.scandir(release.tree / directory))
    except FileNotFoundError:
        return
    for row in rows:
        path = f"{directory}/{row.name}"
        yield path
        if row.is_dir(follow_symlinks=False):
            yield from _below(release, path)
