"""Wheels from sources: archives, commits of git repositories, directories of this host.

    <cache>/wheels/built/<key>/<file name>

Each is built by its own backend, in isolation (`relforge.layers.deps.backend`), and once
for a Python and a platform.
"""

from __future__ import annotations

import logging
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from relforge import cache
from relforge.layers.deps import backend, resolver_environment, wheel_store
from relforge.layers.deps.pins import LockedFile, Pin, Source
from relforge.layers.deps.platform import Platform
from relforge.project import git, local_sources, sources
from relforge.support import command, environment, network
from relforge.support.errors import UserError
from relforge.tree import extraction

log = logging.getLogger("relforge.layers.deps")

EPOCH = "315532800"  # 1980-01-01: the earliest time of a zip file
UNKNOWN = Version("0")  # what locks without the version of a commit leave
SETTINGS = {"SOURCE_DATE_EPOCH": EPOCH}


def wheel(
    pin: Pin, file: LockedFile | None, target: Platform, python: Path | None, env: Mapping[str, str]
) -> Path:
    """The wheel of the pin's sources, built where it was not before; raises UserError.

    ``file`` is the archive in the store, for a pin of files; ``env`` names the
    backend's tools where packages come from.
    """
    what = file.sha256 if file else identity(pin)
    seen = environment.facts(env.get(resolver_environment.BUILD_ENV, "").split())
    key = cache.key("built", what, target.python, target.tag, *map(str, target.tags), *seen)
    place = wheel_store.home() / "built" / key
    with cache.lock(f"built-{key}"):
        built = next(place.glob("*.whl"), None)
        if built is None:
            built = _build(pin, file, target, python, env, place)
        cache.touch(place)
    return built


def identity(pin: Pin) -> str:
    """What distinguishes these sources: digests, the commit, or the directory's content.

    The version of a commit counts as well: where it is computed, a tag may change it.
    """
    source = pin.source
    if source is None:
        return f"{pin} {' '.join(sorted(pin.sha256))}"
    if source.commit:
        return f"{pin} {pin.version}"
    directory = Path(source.path)
    if not directory.is_dir():
        raise UserError(f"{pin.where}: no such directory: {directory}")
    return f"{pin.name} {source.subdirectory} {local_sources.state(directory, source.subdirectory)}"


def refuse_changed(pin: Pin, root: Path) -> None:
    """Refuse a directory of another repository with changes that nobody committed."""
    if pin.source is None or pin.source.commit:
        return
    directory = Path(pin.source.path)
    top = git.output(directory, "rev-parse", "--show-toplevel") if directory.is_dir() else None
    if top is None or top == git.output(root, "rev-parse", "--show-toplevel"):
        return
    if git.output(directory, "status", "--porcelain", "--", "."):
        raise UserError(
            f"{pin.where}: {pin.name} comes from {directory}, another repository, which has "
            "uncommitted changes: this build could not be repeated",
            hint=f"commit them: git -C {directory} commit -a",
        )


def _build(
    pin: Pin,
    file: LockedFile | None,
    target: Platform,
    python: Path | None,
    env: Mapping[str, str],
    place: Path,
) -> Path:
    if python is None:
        raise UserError(
            f"{pin.where}: {pin} is available as source only, and this host has no Python "
            f"{'.'.join(target.python.split('.')[:2])} to build it for {target.machine}",
            hint=f"lock a version that has a wheel, or build on an {target.machine} host",
        )
    log.info("building %s from source", pin)
    what = f"building {pin.name} ({pin.where})"
    with wheel_store.scratch() as directory:
        source = _unpacked(pin, file, directory) if file else _copied(pin, directory, what)
        made = backend.wheel(
            source, python, target.python, {**SETTINGS, **env}, directory / "dist", what=what
        )
        name, version, *_ = parse_wheel_filename(made.name)
        if name != canonicalize_name(pin.name):
            raise UserError(f"{pin.where}: building {pin.name} from source made a wheel of {name}")
        if pin.source and pin.source.commit and pin.version not in (version, UNKNOWN):
            log.warning(
                "%s: %s was locked as %s, but its commit is now %s: its tags have changed",
                *(pin.where, pin.name, pin.version, version),
            )
        _refuse_foreign(pin, made, target)
        place.mkdir(parents=True, exist_ok=True)
        os.replace(made, place / made.name)
    return place / made.name


def _unpacked(pin: Pin, file: LockedFile, directory: Path) -> Path:
    """The one directory inside of an archive, or all of it."""
    into = directory / "source"
    archive = wheel_store.place(file)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                zipped.extractall(into)
        else:
            with tarfile.open(archive) as tar:
                extraction.extract(tar, into)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise UserError(f"{pin.where}: {file.name}: the archive is damaged: {error}") from None
    inner = list(into.iterdir()) if into.is_dir() else []
    return inner[0] if len(inner) == 1 and inner[0].is_dir() else into


def _copied(pin: Pin, directory: Path, what: str) -> Path:
    assert pin.source is not None
    into = directory / "source"
    if pin.source.commit:
        _clone(pin, pin.source, into, what)
    else:
        root = Path(pin.source.path)
        names = sources.files(root)
        history = local_sources.computes_version(root / pin.source.subdirectory)
        into = sources.checkout(root, names, into, sources.digest(root, names), history=history)
    return into / pin.source.subdirectory


def _clone(pin: Pin, source: Source, into: Path, what: str) -> None:
    """The whole repository, since a backend may ask its history for the version."""
    if network.offline() and not source.url.startswith("file:"):
        raise UserError(
            f"{pin.where}: {pin} is not on this host, and --offline forbids the network",
            hint="build once with network access",
        )
    for text in (source.url, source.commit):
        if text.startswith("-"):  # an option of git
            raise UserError(
                f"{pin.where}: {text!r} is not the address or the commit of a repository"
            )
    quiet = {"GIT_LFS_SKIP_SMUDGE": "1"}
    seen = environment.of_git()
    words: list[str | Path] = ["git", "clone", "--quiet", "--no-checkout", "--", source.url, into]
    command.run(
        words,
        what=what,
        env=quiet,
        base=seen,
        hint="check that `git clone` works with this address",
    )
    words = ["git", "-C", into, "checkout", "--quiet", "--detach", source.commit]
    command.run(
        words,
        what=what,
        env=quiet,
        base=seen,
        hint=f"check that {source.commit} is in the repository",
    )


def _refuse_foreign(pin: Pin, made: Path, target: Platform) -> None:
    """Refuse compiled code that was built here for a release that runs elsewhere."""
    foreign = target.machine != os.uname().machine
    if foreign and any(tag.platform != "any" for tag in parse_wheel_filename(made.name)[3]):
        raise UserError(
            f"{pin.where}: {pin} is available as source only and contains compiled code, which "
            "this host "
            f"({os.uname().machine}) cannot build for {target.machine}: {made.name}",
            hint=f"lock a version that has a wheel, or build on an {target.machine} host",
        )
