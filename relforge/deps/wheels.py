"""The store of wheels: each file once, by its digest.

    <cache>/wheels/<sha256>/<file name>     as it was fetched, verified against the lock
    <cache>/wheels/built/<key>/<file name>  made from a source archive
    <cache>/wheels/picks/<key>.json         which of the digests of a requirements file it was

Which wheel is taken depends on the lock and the target alone, never on what
happens to be in the store already.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
from relforge.deps import pex, pylock, requirements
from relforge.deps.pins import File, Pin
from relforge.deps.platform import Platform
from relforge.errors import UserError

log = logging.getLogger("relforge.deps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel in the store.  ``name`` tells it to the user: ``click==8.1.0``."""

    name: str
    path: Path


def collect(pins: tuple[Pin, ...], target: Platform, python: Path | None) -> tuple[Wheel, ...]:
    """The wheel of each pin, fetched where it is not in the store yet; raises UserError.

    ``python`` builds the wheels of what comes as source only.  Without a
    missing file nothing is run and no network is used.
    """
    chosen = {pin.name: _known(pin, target) for pin in pins}
    missing = [pin for pin in pins if not _stored(chosen[pin.name])]
    if missing:
        log.info("fetching %d of %d packages", len(missing), len(pins))
        for pin, file in _fetch(missing, chosen, target):
            chosen[pin.name] = file
    return tuple(_wheel(pin, chosen[pin.name], target, python) for pin in pins)


def best(pin: Pin, target: Platform) -> File:
    """The file of the pin that fits the target best: a wheel, else the source archive."""
    ranks = target.ranks
    fitting = []
    for place, file in enumerate(pin.files):
        if file.is_wheel:
            _, _, build, tags = parse_wheel_filename(file.name)
            rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
            if rank is not None:
                fitting.append(((rank, -(build[0] if build else 0), place), file))
    if fitting:
        return _nearest(min(fitting)[1], pin)
    sources = [file for file in pin.files if not file.is_wheel]
    if not sources:
        raise UserError(
            f"{pin.where}: {pin} has neither a wheel for {target.tag} on {target.machine} "
            "(glibc) nor a source archive",
            hint="type: relforge lock",
        )
    return _nearest(sources[0], pin)


def _nearest(file: File, pin: Pin) -> File:
    """The same file where the lock names a copy of it on this host."""
    copies = (row for row in pin.files if row.sha256 == file.sha256 and row.name == file.name)
    return next((row for row in copies if row.path and Path(row.path).is_file()), file)


def _known(pin: Pin, target: Platform) -> File | None:
    if pin.files:
        return best(pin, target)
    try:
        row = json.loads(_pick_path(pin, target).read_bytes())
        return File(name=row["name"], sha256=row["sha256"])
    except (OSError, ValueError, KeyError):
        return None


def _stored(file: File | None) -> bool:
    """Whether the store has the file, unharmed; a damaged one is removed."""
    if file is None:
        return False
    path = _store_path(file)
    if not path.is_file():
        return False
    if cache.sha256(path) == file.sha256:
        return True
    path.unlink()
    return False


def _fetch(
    pins: list[Pin], chosen: dict[str, File | None], target: Platform
) -> Iterator[tuple[Pin, File]]:
    named = [(pin, file) for pin in pins if (file := chosen[pin.name]) and pin.files]
    local = [(pin, file) for pin, file in named if file.path]
    remote = [(pin, file) for pin, file in named if not file.path]
    unnamed = [pin for pin in pins if not pin.files]
    with _scratch() as folder:
        for pin, file in local:
            yield _take(pin, _there(pin, file), [file.sha256], file.name, folder)
        if remote:
            text, into = pylock.render(remote), folder / "named"
            (folder / "pylock.toml").write_text(text, encoding="utf-8")
            pex.download("--pylock", folder / "pylock.toml", target, into)
            for pin, file in remote:
                yield _take(pin, _of(pin, into), [file.sha256], file.name, folder)
        if unnamed:
            into, lock = folder / "unnamed", folder / "requirements.txt"
            bare = (Pin(name=p.name, version=p.version, where="", sha256=p.sha256) for p in unnamed)
            lock.write_text(requirements.render(bare), encoding="utf-8")
            pex.download("-r", lock, target, into)
            for pin in unnamed:
                found = _of(pin, into)
                row = _take(pin, found, list(pin.sha256), found.name, folder)
                picked = {"name": row[1].name, "sha256": row[1].sha256}
                cache.keep(_pick_path(pin, target), json.dumps(picked).encode())
                yield row


def _take(pin: Pin, source: Path, allowed: list[str], name: str, scratch: Path) -> tuple[Pin, File]:
    """Put a file into the store once it is what the lock allows."""
    draft = scratch / "draft"
    shutil.copyfile(source, draft)
    digest = cache.sha256(draft)
    if digest not in allowed:
        raise pex.mismatch(f"{pin} ({pin.where}, {name})", allowed, digest)
    file = File(name=name, sha256=digest)
    place = _store_path(file)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft.chmod(0o644)
    os.replace(draft, place)
    return pin, file


def _wheel(pin: Pin, file: File | None, target: Platform, python: Path | None) -> Wheel:
    assert file is not None
    if file.is_wheel:
        return Wheel(name=str(pin), path=_store_path(file))
    key = cache.key("built", file.sha256, target.python, target.tag, *map(str, target.tags))
    place = _home() / "built" / key
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
        with _scratch() as folder:
            into = folder / "wheel"
            pex.build_wheel(_store_path(file), python, (int(major), int(minor)), into)
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


def _there(pin: Pin, file: File) -> Path:
    path = Path(file.path)
    if not path.is_file():
        raise UserError(f"{pin.where}: {path} is not there", hint="type: relforge lock")
    return path


def _home() -> Path:
    return cache.home() / "wheels"


def _store_path(file: File) -> Path:
    return _home() / file.sha256 / file.name


def _pick_path(pin: Pin, target: Platform) -> Path:
    key = cache.key("pick", str(pin), *sorted(pin.sha256), "", *map(str, target.tags))
    return _home() / "picks" / f"{key}.json"


@contextmanager
def _scratch() -> Iterator[Path]:
    _home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=_home()) as folder:
        yield Path(folder)
