"""What a step of a project's own can use; nothing else of relforge is promised to stay.

    from relforge.api import Release, write

    def stamp(release: Release) -> Release:
        write(release, "app/VERSION", f"{release.version}\n")
        return release

A `Release` is frozen: what a step wants to change of it, it returns changed, by
`dataclasses.replace`.  Of its fields, a step may read all and change
``settings``, ``notes``, ``layers``.
"""

from __future__ import annotations

from dataclasses import replace

from relforge.model.release import Artifact, Entry, Layer, Release
from relforge.model.spec import Settings
from relforge.support.command import run
from relforge.support.errors import UserError
from relforge.tree.draft import chmod, copy, link, mkdir, remove, write

__all__ = [
    "Artifact",
    "Entry",
    "Layer",
    "Release",
    "Settings",
    "UserError",
    "chmod",
    "copy",
    "link",
    "mkdir",
    "note",
    "remove",
    "run",
    "write",
]


def note(release: Release, text: str) -> Release:
    """The release with one more line to print at the end of the build."""
    return replace(release, notes=(*release.notes, text))
