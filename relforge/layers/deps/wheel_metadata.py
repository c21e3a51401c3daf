"""What wheels say of themselves: those in the store, and those that were laid into a tree."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.version import InvalidVersion

from relforge.layers.deps import consistency, wheel_store
from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.pins import LockedFile, Pin
from relforge.model import core_metadata


def of_pins(pins: Iterable[Pin]) -> Iterator[Distribution]:
    """The packages of a lock; what they ask for is known of wheels that were fetched before."""
    for pin in pins:
        known = next((found for file in pin.files if (found := _in_store(file))), None)
        version = pin.version if pin.source is None else None
        python = str(pin.requires_python or "")
        yield known or Distribution(name=pin.name, version=version, requires_python=python)


def of_tree(tree: Path, site_packages: str) -> Iterator[Distribution]:
    """The packages that were laid into a release."""
    for path in sorted((tree / site_packages).glob("*.dist-info/METADATA")):
        found = _parsed(path.read_bytes())
        if found is not None:
            yield found


def _in_store(file: LockedFile) -> Distribution | None:
    path = wheel_store.place(file)
    if not (file.is_wheel and path.is_file()):
        return None
    try:
        with zipfile.ZipFile(path) as wheel:
            names = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            name = next((row for row in names if row.count("/") == 1), None)
            return _parsed(wheel.read(name)) if name else None
    except zipfile.BadZipFile:
        return None  # the build says so, and fetches it again


def _parsed(text: bytes) -> Distribution | None:
    head = core_metadata.parse(text)
    values = {name: head.get_all(name, []) for name in ("Requires-Dist", "Requires-Python")}
    try:
        return consistency.of_metadata(str(head["Name"]), str(head["Version"]), values)
    except InvalidVersion:
        return None  # of a time before versions had a form; nothing can be said about it
