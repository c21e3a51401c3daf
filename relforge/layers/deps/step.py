"""The step of a build that lays the locked dependencies into the release."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from packaging.utils import canonicalize_name

from relforge import cache
from relforge.elf import symbols
from relforge.layers.deps import lockfiles, scripts, source_builds, wheel_trees, wheels
from relforge.layers.deps.package_sources import PackageSources, places
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.platform import Platform, platform
from relforge.model.release import Entry, Layer, Release
from relforge.support.errors import SettingsError, UserError

log = logging.getLogger("relforge.layers.deps")

FORMAT = "2"


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
        parts=found.parts,
    )
    packages = wheels.packages(pins, platform(release.python, release.target))
    return replace(
        release,
        layers=(*release.layers, layer),
        packages=packages,
        collisions=(*release.collisions, *found.collisions),
    )


def prepare(release: Release) -> Dependencies | None:
    """What the step lays out, in the cache; None where that takes the tree's own interpreter."""
    return None if is_inside(release) else _dependencies(release)


def _dependencies(release: Release) -> Dependencies:
    pins, preferred = _in_order(release, _pins(release))
    target = platform(release.python, release.target)
    for pin in pins:
        source_builds.refuse_changed(pin, release.project.root)
    facts = (*_facts(release, target), *preferred)
    key = cache.key("deps", FORMAT, *facts, *map(source_builds.identity, pins))
    with cache.lock(f"deps-{key}"):
        found = wheel_trees.find(key)
        if found is None:
            taken = wheels.collect(pins, target, _builder(release), _places(release))
            strip = release.settings.strip
            found = wheel_trees.lay(
                taken, release.python, interpreter(release), strip, frozenset(preferred)
            )
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
    """Raise UserError where one of these would overwrite a different file of the interpreter."""
    own = (layer for layer in release.layers if layer.name == "python")
    taken = {path for layer in own for path in layer.paths}
    for row in entries:
        if row.path not in taken:
            continue
        there = release.tree / row.path
        if there.is_file() and cache.sha256(there) == row.sha256:
            continue
        raise UserError(
            f"{row.path}: both {what} and the interpreter have this file",
            hint="exclude one of them",
        )


def _places(release: Release) -> PackageSources:
    return places(release.settings.packages, release.project.root)


def _pins(release: Release) -> tuple[Pin, ...]:
    """The pins that count, in the order in which the locks name them."""
    if release.settings.lock is None:
        return ()
    target = platform(release.python, release.target)
    path = release.project.root / release.settings.lock
    return lockfiles.pins(path, release.project, release.settings, target)


def _in_order(release: Release, pins: tuple[Pin, ...]) -> tuple[tuple[Pin, ...], tuple[str, ...]]:
    """The pins as they are laid over each other, and the names of those that shall win.

    What `dependencies.prefer` names comes last, its first name at the very end.
    """
    wanted = release.settings.dependencies.prefer
    ranks: dict[str, int] = {canonicalize_name(name): rank for rank, name in enumerate(wanted)}
    known = {pin.name for pin in pins} | {
        canonicalize_name(row.name) for row in (release.project, *release.project.members)
    }
    for index, name in enumerate(wanted):
        if canonicalize_name(name) not in known:
            near = get_close_matches(name, sorted(known), 1)
            raise SettingsError(
                f"tool.relforge.dependencies.prefer[{index}]: {name!r} is neither in the "
                "lockfile nor in the project",
                hint=f"did you mean `{near[0]}`?" if near else "expected the name of a package",
            )
    ordered = sorted(pins, key=lambda pin: -ranks.get(pin.name, len(ranks)))
    return tuple(ordered), tuple(str(pin) for pin in ordered if pin.name in ranks)


def _facts(release: Release, target: Platform) -> tuple[str, ...]:
    """What of the target decides the tree, in addition to the pins."""
    tags = cache.key(*map(str, target.tags))
    bare = () if interpreter(release) else ("no byte code",)
    launcher = cache.digest(scripts.launcher())
    lean = (repr(release.settings.strip), symbols.FORMAT)
    return target.python, target.tag, tags, launcher, scripts.HALF, *lean, *bare
