"""The wheels of a release's pins: from the store, fetched or built where it lacks them.

Which wheel is taken depends on the lock and the target alone, never on what
happens to be in the store already.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from relforge import cache
from relforge.deps import choice, pex, store
from relforge.deps.fetch import fetch
from relforge.deps.pins import File, Pin
from relforge.deps.places import Places
from relforge.deps.platform import Platform
from relforge.errors import UserError

log = logging.getLogger("relforge.deps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel in the store.  ``name`` tells it to the user: ``click==8.1.0``."""

    name: str
    path: Path


def collect(
    pins: tuple[Pin, ...], target: Platform, python: Path | None, places: Places
) -> tuple[Wheel, ...]:
    """The wheel of each pin, fetched where it is not in the store yet; raises UserError.

    ``python`` builds the wheels of what comes as source only.  Without a
    missing file nothing is run and no network is used.
    """
    chosen = {pin.name: _known(pin, target) for pin in pins}
    missing = [pin for pin in pins if (file := chosen[pin.name]) is None or not store.holds(file)]
    if missing:
        log.info("fetching %d of %d packages", len(missing), len(pins))
        for pin, file in fetch(missing, target, places):
            chosen[pin.name] = file
            if not pin.files:
                row = {"name": file.name, "sha256": file.sha256}
                cache.keep(_pick_path(pin, target), json.dumps(row).encode())
    return tuple(_wheel(pin, chosen[pin.name], target, python) for pin in pins)


def _known(pin: Pin, target: Platform) -> File | None:
    if pin.files:
        return choice.best(pin, target)
    try:
        row = json.loads(_pick_path(pin, target).read_bytes())
        return File(name=row["name"], sha256=row["sha256"])
    except (OSError, ValueError, KeyError):
        return None


def _wheel(pin: Pin, file: File | None, target: Platform, python: Path | None) -> Wheel:
    assert file is not None
    if file.is_wheel:
        return Wheel(name=str(pin), path=store.place(file))
    key = cache.key("built", file.sha256, target.python, target.tag, *map(str, target.tags))
    place = store.home() / "built" / key
    built = next(place.glob("*.whl"), None)
    if built is None:
        if python is None:
            raise UserError(
                f"{pin.where}: {pin} comes as source only, and this host has no Python "
                f"{'.'.join(target.python.split('.')[:2])} that could build it for "
                f"{target.machine}",
                hint=f"lock a version that has a wheel, or build on a {target.machine} host",
            )
        log.info("building %s from source", pin)
        major, minor = target.python.split(".")[:2]
        with store.scratch() as folder:
            into = folder / "wheel"
            pex.build_wheel(store.place(file), python, (int(major), int(minor)), into)
            made = _of(pin, into)
            _refuse_foreign(pin, made, target)
            built = place / made.name
            place.mkdir(parents=True, exist_ok=True)
            os.replace(made, built)
    return Wheel(name=str(pin), path=built)


def _refuse_foreign(pin: Pin, made: Path, target: Platform) -> None:
    """Refuse compiled code that was built here for a release that runs elsewhere."""
    foreign = target.machine != os.uname().machine
    if foreign and any(tag.platform != "any" for tag in parse_wheel_filename(made.name)[3]):
        raise UserError(
            f"{pin.where}: {pin} comes as source only and holds compiled code, which this host "
            f"({os.uname().machine}) cannot build for {target.machine}: {made.name}",
            hint=f"lock a version that has a wheel, or build on a {target.machine} host",
        )


def _of(pin: Pin, folder: Path) -> Path:
    """The file of the pin among those that were fetched."""
    found = _by_name(folder.iterdir() if folder.is_dir() else ()).get(pin.name)
    if found is None:
        raise UserError(
            f"{pin.where}: {pin} did not come: pex fetched nothing for it",
            hint="see what `relforge build --verbose` prints",
        )
    return found


def _by_name(files: Iterable[Path]) -> dict[str, Path]:
    named = {}
    for path in files:
        try:
            if path.suffix == ".whl":
                named[str(parse_wheel_filename(path.name)[0])] = path
            else:
                named[str(parse_sdist_filename(path.name)[0])] = path
        except (InvalidSdistFilename, InvalidWheelFilename):
            named[str(canonicalize_name(path.name.rsplit("-", 1)[0]))] = path
    return named


def _pick_path(pin: Pin, target: Platform) -> Path:
    key = cache.key("pick", str(pin), *sorted(pin.sha256), "", *map(str, target.tags))
    return store.home() / "picks" / f"{key}.json"
