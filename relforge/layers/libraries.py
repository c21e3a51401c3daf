"""Every ELF file of a release: what it needs, what is brought along, how old a glibc may be.

A wheel for manylinux may need a few libraries that every desktop has and a
minimal host has not (``libgcc_s``, ``libstdc++``, ``libz``: PEP 600), and one
that was built on this host may need any of this host's.

    $XDG_CACHE_HOME/relforge/libraries/
      <layer>-<key>.json         the ELF files of that layer
      <layer>-last-<key>.json    of each file, by its digest, what the last build saw in it

Without the first, the second answers all but what changed.
"""

from __future__ import annotations

import json
import logging
import os
import posixpath
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from relforge import cache, elf
from relforge.elf import drivers, loader, run_paths
from relforge.model import origins
from relforge.model.release import Layer, Part, Release

log = logging.getLogger("relforge.layers.libraries")

DIRECTORY = "python/lib"
NOTES = "libraries"  # below the cache
Facts = dict[str, dict[str, Any] | None]  # of files, by digest; None: not an ELF file


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLibrary:
    """One ELF file.  ``path`` is relative to the release, ``glibc`` such as ``2.34`` or empty."""

    path: str
    soname: str
    needed: tuple[str, ...]
    glibc: str
    machine: str
    run_path: tuple[str, ...]  # as written, with $ORIGIN

    @property
    def names(self) -> set[str]:
        """The names under which another file can ask for it."""
        return {posixpath.basename(self.path), self.soname}


def survey(release: Release) -> tuple[SharedLibrary, ...]:
    """Every ELF file of the layers so far; remembered by the layers' content keys."""
    return tuple(row for layer in release.layers for row in _of_layer(release, layer))


def step(release: Release) -> Release:
    """Bring along what dependencies need and nothing in the release offers, if this host has it.

    It goes to ``python/lib``, where the interpreter's own run path finds it.
    """
    found = survey(release)
    inside = {name for library in found for name in library.names}
    release = _with_drivers(release, found, inside)
    paths = [row.path for row in found if _lacking(row, inside)]
    if release.python.source == "system":
        wanted = sorted({name for row in found for name in _lacking(row, inside)})
        note = (
            f"the target must have {', '.join(wanted)}: a release without an interpreter "
            "does not include libraries"
        )
        return replace(release, notes=(*release.notes, note)) if wanted else release
    if not paths or release.target.machine != os.uname().machine:
        return release
    digests = {entry.path: entry.sha256 for layer in release.layers for entry in layer.entries}
    asking = (f"{path} {digests[path]}" for path in paths)
    facts = (loader.state(), run_paths.version(), *origins.searched(release))
    key = cache.key("libraries", *facts, *sorted(inside), *asking)
    tree = cache.tree("libraries", key, lambda draft: _bring(release, paths, inside, draft))
    cache.place(tree, release.tree)
    layers = tuple(
        _joined(release, layer, tree) if layer.name == "deps" else layer for layer in release.layers
    )
    return replace(release, layers=layers)


def missing(release: Release) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each ELF file that needs what is neither in the release nor glibc's.

    None where the release takes its interpreter, and so its libraries, from the target.
    """
    if release.python.source == "system":
        return
    found = survey(release)
    inside = {name for library in found for name in library.names}
    for library in found:
        if lacking := _lacking(library, inside):
            yield library.path, lacking


def needed_by(release: Release, paths: Iterable[str]) -> set[str]:
    """Those files, and every library of the release that they load, directly or not."""
    found = survey(release)
    places: dict[str, list[SharedLibrary]] = {}
    for row in found:
        for name in row.names:
            places.setdefault(name, []).append(row)
    wanted = set(paths)
    left = [row for row in found if row.path in wanted]
    while left:
        for name in left.pop().needed:
            new = [row for row in places.get(name, ()) if row.path not in wanted]
            wanted |= {row.path for row in new}
            left += new
    return wanted


def glibc_floor(release: Release, others: Iterable[str]) -> str:
    """The oldest glibc that every ELF file can run on; ``2.17`` where nothing asks for more.

    ``others`` are paths that no layer brought, or that something else lies at by now.
    """
    loose = set(others)
    found = [row for row in survey(release) if row.path not in loose]
    found += _among(release, loose)
    return max((row.glibc for row in found if row.glibc), key=_numbers, default="2.17")


def _lacking(library: SharedLibrary, inside: Collection[str]) -> tuple[str, ...]:
    """What the file needs, and neither the release, nor glibc, nor the target's drivers have."""
    own = (name for name in library.needed if name not in inside and name not in elf.GLIBC)
    return tuple(name for name in own if not drivers.are(name))


def _with_drivers(
    release: Release, found: Iterable[SharedLibrary], inside: Collection[str]
) -> Release:
    """The release with a note of the libraries that its target's drivers have to bring."""
    wanted: dict[str, set[str]] = {}
    known: origins.Origins | None = None
    for row in found:
        names = {name for name in row.needed if name not in inside and drivers.are(name)}
        if names:
            known = known or origins.Origins(release)
            wanted.setdefault(known.name(row.path), set()).update(names)
    notes = (
        f"{package} needs {', '.join(sorted(names))} from the target's drivers, which are "
        "never shipped"
        for package, names in sorted(wanted.items())
    )
    return replace(release, notes=(*release.notes, *notes))


def _bring(release: Release, paths: Iterable[str], inside: set[str], draft: Path) -> None:
    """Put what those files need and nothing inside offers into the directory."""
    search = loader.of_host(release.target.machine, origins.searched(release))
    found = loader.collect([release.tree / path for path in paths], search).libraries
    for name, source in sorted(found.items()):
        if name in inside:
            continue
        log.info("including %s from %s", name, source)
        target = draft / DIRECTORY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755)
        run_paths.write("$ORIGIN", target)


def _joined(release: Release, layer: Layer, brought: cache.Tree) -> Layer:
    """The layer with what came along.  Both were surveyed, so the sum is."""
    known = {entry.path: entry for entry in (*layer.entries, *brought.entries)}
    joined = replace(
        layer,
        key=cache.key(layer.key, *(f"{entry.path} {entry.sha256}" for entry in brought.entries)),
        entries=tuple(known[path] for path in sorted(known)),
    )
    part = Part(origin="host", name="this host", entries=brought.entries)
    joined = replace(joined, parts=(*layer.parts, part))
    ours = replace(layer, name="brought", key=brought.key, entries=brought.entries)
    new = {entry.path for entry in brought.entries}
    rows = [row for row in _of_layer(release, layer) if row.path not in new]
    _keep(joined, [*rows, *_of_layer(release, ours)])
    return joined


def _of_layer(release: Release, layer: Layer) -> list[SharedLibrary]:
    try:
        return [_read(row) for row in json.loads(_whole(layer).read_bytes())]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    place = cache.key(str(release.project.root), release.env)
    last = cache.home() / NOTES / f"{layer.name}-last-{place}.json"
    seen = _seen(release, layer, _remembered(last))
    files = (entry for entry in layer.entries if entry.link is None)
    rows = ({**facts, "path": entry.path} for entry in files if (facts := seen[entry.sha256]))
    found = [_read(row) for row in rows]
    cache.keep(last, json.dumps(seen).encode())
    _keep(layer, found)
    return found


def _keep(layer: Layer, found: list[SharedLibrary]) -> None:
    cache.keep(_whole(layer), json.dumps([asdict(row) for row in found]).encode())


def _whole(layer: Layer) -> Path:
    return cache.home() / NOTES / f"{layer.name}-{layer.key}.json"


def _seen(release: Release, layer: Layer, known: Facts) -> Facts:
    """The facts of each of the layer's files; what is not known yet is read."""
    seen: Facts = {}
    for entry in layer.entries:
        if entry.link is not None or entry.sha256 in seen:
            continue
        if entry.sha256 in known:
            seen[entry.sha256] = known[entry.sha256]
        else:
            found = _look(release, entry.path)
            seen[entry.sha256] = asdict(found) if found else None
    return seen


def _remembered(place: Path) -> Facts:
    try:
        found = json.loads(place.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _among(release: Release, paths: Iterable[str]) -> Iterator[SharedLibrary]:
    return (row for path in paths if (row := _look(release, path)))


def _look(release: Release, path: str) -> SharedLibrary | None:
    place = release.tree / path
    read = None if place.is_symlink() else elf.read(place)
    if read is None:
        return None
    return SharedLibrary(
        path=path,
        soname=read.soname,
        needed=read.needed,
        glibc=read.glibc,
        machine=read.machine,
        run_path=read.runpath or read.rpath,
    )


def _read(row: dict[str, Any]) -> SharedLibrary:
    lists = {"needed": tuple(row["needed"]), "run_path": tuple(row["run_path"])}
    return SharedLibrary(**{**row, **lists})


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
