"""The wheels of a release's pins: from the store, fetched or built where it lacks them.

Which wheel is taken depends on the lock and the target alone, never on what
happens to be in the store already.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.tags import Tag

from relforge import cache
from relforge.layers.deps import file_choice, resolver_environment, source_builds, wheel_store
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pins import LockedFile, Pin
from relforge.layers.deps.platform import Platform
from relforge.model.release import Package

log = logging.getLogger("relforge.layers.deps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel in the store.  ``name`` is how users know it: ``click==8.1.0``.

    ``built`` is one that was made on this host, and may name places of it.
    """

    name: str
    path: Path
    sha256: str = ""  # where somebody has just looked
    built: bool = False

    @property
    def digest(self) -> str:
        """The digest of the file."""
        return self.sha256 or cache.sha256(self.path)


def collect(
    pins: tuple[Pin, ...], target: Platform, python: Path | None, places: PackageSources
) -> tuple[Wheel, ...]:
    """The wheel of each pin, fetched where it is not in the store yet; raises UserError.

    ``python`` builds the wheels of what comes as source only.  Without a
    missing file nothing is run and no network is used.
    """
    chosen = {pin.name: _known(pin, target) for pin in pins}
    files = (pin for pin in pins if pin.source is None)
    missing = [
        pin for pin in files if (file := chosen[pin.name]) is None or not wheel_store.holds(file)
    ]
    if missing:
        # Late: a build whose wheels are all there never fetches, and it is slow to import.
        from relforge.layers.deps.fetch import fetch  # noqa: PLC0415 - seldom needed

        log.info("fetching %d of %d packages", len(missing), len(pins))
        for pin, file in fetch(missing, target, places):
            chosen[pin.name] = file
            if not pin.files:
                row = {"name": file.name, "sha256": file.sha256}
                cache.keep(_pick_path(pin, target), json.dumps(row).encode())
    env = resolver_environment.for_backends(places)
    return tuple(_wheel(pin, chosen[pin.name], target, python, env) for pin in pins)


def packages(pins: tuple[Pin, ...], target: Platform) -> tuple[Package, ...]:
    """What `collect` took for these pins: the files of the lock."""
    rows = ((pin, _known(pin, target)) for pin in pins)
    return tuple(
        Package(name=pin.name, version=str(pin.version), file=file.name, sha256=file.sha256)
        for pin, file in sorted(rows, key=lambda row: row[0].name)
        if file is not None
    )


def _known(pin: Pin, target: Platform) -> LockedFile | None:
    if pin.source is not None:
        return None
    if pin.files:
        return file_choice.best(pin, target)
    try:
        row = json.loads(_pick_path(pin, target).read_bytes())
        return LockedFile(name=row["name"], sha256=row["sha256"])
    except (OSError, ValueError, KeyError):
        return None


def _wheel(
    pin: Pin, file: LockedFile | None, target: Platform, python: Path | None, env: Mapping[str, str]
) -> Wheel:
    if file is not None and file.is_wheel:
        return Wheel(name=str(pin), path=wheel_store.place(file), sha256=file.sha256)
    made = source_builds.wheel(pin, file, target, python, env)
    return Wheel(name=str(pin), path=made, built=True)


@functools.cache
def _tags(tags: tuple[Tag, ...]) -> str:
    """One key of all of them: there are hundreds, and each pin has its own path."""
    return cache.key(*map(str, tags))


def _pick_path(pin: Pin, target: Platform) -> Path:
    key = cache.key("pick", str(pin), *sorted(pin.sha256), "", _tags(target.tags))
    return wheel_store.home() / "picks" / f"{key}.json"
