"""What is shipped: a checked tree in one or several formats."""

from __future__ import annotations

import json
from dataclasses import replace
from difflib import get_close_matches

from relforge import cache
from relforge.artifacts.formats.format import Damaged, Format
from relforge.model.release import Artifact, Release
from relforge.model.spec import FORMATS
from relforge.support.errors import SettingsError, UserError
from relforge.support.late_import import resolve

# A new format is a name in `FORMATS`, an entry here, and a module.
_PLACES = {
    "tar.gz": "relforge.artifacts.formats.tarball:GZ",
    "tar.zst": "relforge.artifacts.formats.tarball:ZST",
    "oci": "relforge.artifacts.formats.oci:OCI",
    "deb": "relforge.artifacts.formats.deb:DEB",
    "run": "relforge.artifacts.formats.run:RUN",
}


def find(name: str) -> Format:
    """The format of that name."""
    found: Format = resolve(_PLACES[name])
    return found


def choose(release: Release, names: tuple[str, ...]) -> Release:
    """The release with these formats, or with those of its settings where there are none.

    Raises SettingsError for a format that does not exist, or whose settings are wrong.
    """
    for name in names:
        if name not in FORMATS:
            near = get_close_matches(name, FORMATS, 1)
            raise SettingsError(
                f"--format {name}: no such format",
                hint=f"did you mean `{near[0]}`?" if near else f"known: {', '.join(FORMATS)}",
            )
    if names:
        wanted = tuple(dict.fromkeys(names))
        release = replace(release, settings=replace(release.settings, formats=wanted))
    for name in release.settings.formats:
        find(name).check(release)
    return release


def prepare(release: Release) -> None:
    """Compress what the artifacts will consist of; the tree has its digests already."""
    for name in release.settings.formats:
        find(name).prepare(release)


def step(release: Release) -> Release:
    """Write an artifact in each format that is wanted; each appears whole or not at all."""
    directory = release.project.root / "dist"
    there = {path.name for path in directory.iterdir()} if directory.is_dir() else set()
    written = [row for name in release.settings.formats for row in _written(release, name)]
    notes = [note for name in release.settings.formats for note in find(name).check(release)]
    for artifact in written:
        other = _environment(release, artifact)
        if other != release.env and artifact.path.name in there:
            notes.append(
                f"{artifact.path.name} was built with --env {other} and is replaced by "
                f"one built with --env {release.env}: "
                "the name of an artifact does not include the environment"
            )
    return replace(release, artifacts=tuple(written), notes=(*release.notes, *notes))


def _environment(release: Release, artifact: Artifact) -> str:
    """The environment that an artifact of this path was of before; from now on the release's."""
    place = cache.home() / "artifacts" / f"{cache.key('env', str(artifact.path))}.json"
    try:
        before = str(json.loads(place.read_bytes())["env"])
    except (OSError, ValueError, KeyError, TypeError):
        before = ""
    if before != release.env:
        cache.keep(place, json.dumps({"env": release.env}).encode())
    return before or release.env


def _written(release: Release, name: str) -> tuple[Artifact, ...]:
    found: set[str] = set()
    while True:
        try:
            return find(name).write(release)
        except Damaged as damage:  # it is gone from the cache, and is made again
            if str(damage) in found:
                raise UserError(
                    f"{damage}: its content changed right after it was written",
                    hint="check the disk that holds the cache: dmesg",
                ) from None
            found.add(str(damage))
