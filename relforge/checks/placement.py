"""Modes and links: nothing that others may write to, nothing that leads out of the release."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from relforge.model import layout
from relforge.model.release import Entry, Finding, Layer, Release

PLAIN = (0o644, 0o755)


def modes(release: Release) -> Iterator[Finding]:
    """Each file that is set-uid or that world-writable to, and each such directory."""
    entries = [entry for layer in release.layers for entry in layer.entries]
    for entry in entries:
        if entry.mode not in PLAIN and entry.link is None:
            yield _mode("error", entry.path, entry.mode)
    for directory in sorted({entry.path.rpartition("/")[0] for entry in entries}):
        mode = stat.S_IMODE(os.stat(release.tree / directory).st_mode)
        if mode & (stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID):
            yield _mode("warning", directory or ".", mode)


def links(release: Release) -> Iterator[Finding]:
    """Each link that leads nowhere, or out of the release."""
    root = os.path.realpath(release.tree)
    for layer in release.layers:
        for entry in layer.entries:
            if entry.link is not None and not _is_of_the_target(release, layer, entry):
                problem = _problem(root, entry.path, entry.link)
                if problem:
                    yield Finding(
                        severity="error",
                        rule="links",
                        path=entry.path,
                        message=f"is a link to {entry.link}, {problem}",
                        hint="replace it with the file itself, or with a relative link "
                        "to a file of the release",
                    )


def _mode(severity: str, path: str, mode: int) -> Finding:
    return Finding(
        severity="error" if severity == "error" else "warning",
        rule="modes",
        path=path,
        message=f"has mode {mode:04o}: " + ("world-writable" if mode & 2 else "set-uid"),
        hint="files of a release have mode 0644 or 0755, directories 0755: chmod it, or "
        "set umask 022",
    )


def _problem(root: str, path: str, target: str) -> str:
    if os.path.isabs(target):
        return "an absolute path on this host"
    place = os.path.normpath(os.path.join(root, os.path.dirname(path), target))
    real = os.path.realpath(place)
    if not layout.is_below(place, root) or not layout.is_below(real, root):
        return "outside of the release"
    state = os.path.join(root, layout.STATE)
    if not os.path.exists(real) and not layout.is_below(place, state):  # which is made at boot
        return "which does not exist"
    return ""


def _is_of_the_target(release: Release, layer: Layer, entry: Entry) -> bool:
    """Whether the link leads to the target's own Python, which is none of the release's."""
    own = release.python.source == "system" and layer.name == "python"
    return own and entry.path.startswith(f"{layout.PYTHON}/bin/")
