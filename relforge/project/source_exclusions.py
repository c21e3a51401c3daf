"""What a build takes in as it is: no source of the project, though it may be in its directory.

wheelhouse, find_links      the wheels and source archives in these directories
python.archive, archives    the interpreters
oci.base                    the image below ours, an archive or a directory
lock, dependencies.add_lock unlike a list of wishes, which a build backend may read
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from relforge.model.spec import Settings
from relforge.support import network
from relforge.support.urls import split_url

DISTRIBUTIONS = (".whl", ".tar.gz", ".zip")


def without(names: Iterable[str], directory: Path, root: Path, settings: Settings) -> Iterator[str]:
    """Those of the files below ``directory``, relative to it, that are no such supplies.

    The settings are those of the project in ``root``.
    """
    files = {place for path in _files(settings, root) for place in _seen_from(directory, path)}
    directories = {
        place for path in _directories(settings, root) for place in _seen_from(directory, path)
    }
    for name in names:
        above, _, base = name.rpartition("/")
        wheel = (above or ".") in directories and base.endswith(DISTRIBUTIONS)
        linked = name in directories  # a link to a directory is a file to git
        if not (wheel or linked or any(_is_at(name, file) for file in files)):
            yield name


def _files(settings: Settings, root: Path) -> Iterator[Path]:
    python = settings.python
    archives = (row.place for _, row in python.archives)
    locks = (settings.lock or "", settings.dependencies.add_lock)
    for place in (python.archive, *archives, settings.oci.base, *locks):
        if (path := _local(place, root)) is not None:
            yield path


def _directories(settings: Settings, root: Path) -> Iterator[Path]:
    packages, given = settings.packages, network.wheelhouse()
    for place in (packages.wheelhouse, *packages.find_links):
        if (path := _local(place, root)) is not None:
            yield path
    if given is not None:
        yield given


def _local(place: str, root: Path) -> Path | None:
    address = split_url(place)
    if not place or address.scheme in ("http", "https"):
        return None
    return root / (unquote(address.path) if address.scheme == "file" else place)


def _seen_from(directory: Path, path: Path) -> set[str]:
    """The path relative to the directory, as it is written and with its links followed."""
    return {os.path.relpath(path.absolute(), directory), os.path.relpath(path.resolve(), directory)}


def _is_at(name: str, place: str) -> bool:
    return name == place or name.startswith(f"{place}/")
