"""The step of a build that lays the locked dependencies into the release."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from relforge import cache
from relforge.elf import symbols
from relforge.layers.deps import lockfiles, scripts, source_builds, wheel_trees, wheels
from relforge.layers.deps.package_sources import PackageSources, places
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.platform import Platform, platform
from relforge.model.release import Entry, Layer, Release
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

FORMAT = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The pins of the lock that count for a release, and the layer that they make."""

    pins: tuple[Pin, ...]
    key: str
    laid: wheel_trees.Laid


def step(release: Release, ahead: Dependencies | None = None) -> Release:
    """Lay the wheels of the lock into the interpreter's site-packages, as the layer ``deps``."""
    started = time.perf_counter()
    wanted = ahead or _dependencies(release)
    found, pins = wanted.laid, wanted.pins
    entries = found.entries
    refuse_overlap(release, entries, "a dependency")
    found.place(release.tree)
    log.info("%d packages", len(pins))
    layer = Layer(
        name="deps",
        key=wanted.key,
        cached=found.cached,
        seconds=time.perf_counter() - started,
        entries=entries,
    )
    packages = wheels.packages(pins, platform(release.python, release.target))
    return replace(release, layers=(*release.layers, layer), packages=packages)


def prepare(release: Release) -> Dependencies | None:
    """What the step lays out, in the cache; None where that takes the tree's own interpreter."""
    return None if is_inside(release) else _dependencies(release)


def _dependencies(release: Release) -> Dependencies:
    pins = _pins(release)
    target = platform(release.python, release.target)
    for pin in pins:
        source_builds.refuse_changed(pin, release.project.root)
    key = cache.key("deps", FORMAT, *_facts(release, target), *map(source_builds.identity, pins))
    with cache.lock(f"deps-{key}"):
        found = wheel_trees.find(key)
        if found is None:
            taken = wheels.collect(pins, target, _builder(release), _places(release))
            strip = release.settings.strip
            found = wheel_trees.lay(taken, release.python, interpreter(release), strip)
            wheel_trees.keep(key, found)
    return Dependencies(pins=pins, key=key, laid=found)


def interpreter(release: Release) -> Path | None:
    """What compiles: the Python that the release's is made from, its own, or one like it.

    None where this host has none that could.
    """
    if is_inside(release):
        return release.tree / release.python.executable
    return release.python.origin if release.python.runs_here else release.python.helper


def is_inside(release: Release) -> bool:
    """Whether `interpreter` is in the tree: nothing can be compiled before it was laid out."""
    return release.python.runs_here and release.python.source == "archive"


def _builder(release: Release) -> Path | None:
    """What builds source archives: an interpreter that has headers and stays where it is."""
    return release.python.helper or interpreter(release)


def refuse_overlap(release: Release, entries: Iterable[Entry], what: str) -> None:
    """Raise UserError where one of these would overwrite a different file of another layer."""
    taken = {path: layer.name for layer in release.layers for path in layer.paths}
    for row in entries:
        if row.path not in taken:
            continue
        there = release.tree / row.path
        if there.is_file() and cache.sha256(there) == row.sha256:
            continue
        raise UserError(
            f"{row.path}: {what} brings it, and so does the layer `{taken[row.path]}`",
            hint="a release holds one file of a name; rename yours or leave the other out",
        )


def _places(release: Release) -> PackageSources:
    return places(release.settings.packages, release.project.root)


def _pins(release: Release) -> tuple[Pin, ...]:
    if release.settings.lock is None:
        return ()
    target = platform(release.python, release.target)
    path = release.project.root / release.settings.lock
    return lockfiles.select(lockfiles.read(path, release.project), target, release.settings)


def _facts(release: Release, target: Platform) -> tuple[str, ...]:
    """What of the target decides the tree, besides the pins."""
    tags = cache.key(*map(str, target.tags))
    bare = () if interpreter(release) else ("no byte code",)
    launcher = cache.digest(scripts.launcher())
    lean = (repr(release.settings.strip), symbols.FORMAT)
    return target.python, target.tag, tags, launcher, scripts.HALF, *lean, *bare
