"""An interpreter that comes in an archive: which one, and what is in it."""

from __future__ import annotations

import os
from pathlib import Path

from relforge import cache
from relforge.layers.python import archive, download, host, selection
from relforge.model import python_version
from relforge.model.release import Interpreter
from relforge.model.spec import PythonArchive, PythonSettings
from relforge.support.errors import SettingsError, UserError

KEY = "tool.relforge.python"


def find(settings: PythonSettings, root: Path, target: str | None) -> Interpreter:
    """The interpreter in the archive that is for that target; raises UserError."""
    named = _named(settings, target)
    path, digest = download.fetch(named, root)
    contents = archive.inspect(path)
    if settings.version not in (contents.version, contents.short):
        raise UserError(
            f"{named.where}.archive: {named.place} is CPython {contents.version}, but "
            f"{KEY}.version is {settings.version}",
            hint=f'set version = "{contents.version}", or use another archive',
        )
    if target is not None and target != f"linux-{contents.machine}":
        raise UserError(
            f"{named.where}.archive: {named.place} is for linux-{contents.machine}, but the "
            f"release is for {target}",
            hint=f'set the one for {target} in {KEY}.archives."{target}"',
        )
    runs_here = contents.machine == os.uname().machine
    helper = None if runs_here else host.newest(contents.short, host.places())
    compiles = "" if runs_here else str(helper and helper.version)
    return Interpreter(
        version=python_version.plain(contents.version),
        tag=contents.tag,
        machine=contents.machine,
        source="archive",
        origin=path,
        key=cache.key(selection.FORMAT, "archive", digest, compiles, *selection.inputs(settings)),
        runs_here=runs_here,
        helper=Path(helper.executable) if helper else None,
    )


def _named(settings: PythonSettings, target: str | None) -> PythonArchive:
    """The archive for that target; raises SettingsError."""
    archives = dict(settings.archives)
    found = archives.get(target or host.target())
    if found is not None:
        return found
    if settings.source == "archive" and settings.archive:
        return PythonArchive(where=KEY, place=settings.archive, sha256=settings.sha256)
    if target is None and len(archives) == 1:
        return next(iter(archives.values()))
    wanted = target or host.target()
    there = f"; there are archives for {', '.join(archives)}" if archives else ""
    raise SettingsError(
        f"{KEY}.archives: the release is for {wanted}, this host is {host.target()}, and no "
        f"interpreter archive is set for {wanted}{there}",
        hint=f'write {KEY}.archives.{wanted} = {{ archive = "...", sha256 = "..." }}; '
        f"`relforge python export` on an {wanted.removeprefix('linux-')} host makes one",
    )
