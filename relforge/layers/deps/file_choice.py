"""Which of a package's files goes into a release."""

from __future__ import annotations

from pathlib import Path

from packaging.utils import parse_wheel_filename

from relforge.layers.deps.pins import LockedFile, Pin
from relforge.layers.deps.platform import Platform
from relforge.support.errors import UserError


def best(pin: Pin, target: Platform) -> LockedFile:
    """The file of the pin that fits the target best: a wheel, else the source archive."""
    fitting = _fitting(pin, target)
    if fitting:
        return _nearest(min(fitting)[1], pin)
    sources = [file for file in pin.files if not file.is_wheel]
    if not sources:
        raise UserError(
            f"{pin.where}: {pin} has neither a wheel for {target.tag} on {target.machine} "
            "(glibc) nor a source archive",
            hint="run: relforge lock",
        )
    return _nearest(sources[0], pin)


def has_wheel(pin: Pin, target: Platform) -> bool:
    """Whether a wheel of the pin fits the target."""
    return bool(_fitting(pin, target))


def _fitting(pin: Pin, target: Platform) -> list[tuple[tuple[int, int, int], LockedFile]]:
    """The wheels that fit, the lowest the best."""
    ranks = target.ranks
    found = []
    for place, file in enumerate(pin.files):
        if file.is_wheel:
            _, _, build, tags = parse_wheel_filename(file.name)
            rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
            if rank is not None:
                found.append(((rank, -(build[0] if build else 0), place), file))
    return found


def _nearest(file: LockedFile, pin: Pin) -> LockedFile:
    """The same file where the lock names a copy of it on this host."""
    copies = (row for row in pin.files if row.sha256 == file.sha256 and row.name == file.name)
    return next((row for row in copies if row.path and Path(row.path).is_file()), file)
