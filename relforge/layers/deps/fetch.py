"""Fetching what the store lacks: many files at once."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from relforge.layers.deps.fetch_meter import Meter
from relforge.layers.deps.package_search import NotHere, PackageSearch
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pins import LockedFile, Pin
from relforge.layers.deps.platform import Platform
from relforge.layers.deps.web import Web
from relforge.support import thread_pool
from relforge.support.connections import AT_ONCE
from relforge.support.errors import UserError


def fetch(
    pins: Sequence[Pin], target: Platform, places: PackageSources
) -> Iterator[tuple[Pin, LockedFile]]:
    """Put one file of each pin into the store; raises UserError that names pin and lock.

    Without a network all that is missing is named at once.
    """
    web, meter = Web(places), Meter(files=len(pins))
    missing: list[NotHere] = []

    def one(pin: Pin) -> LockedFile | NotHere:
        try:
            return PackageSearch(pin=pin, web=web, meter=meter).run(target)
        except NotHere as error:
            return error

    for pin, found in thread_pool.each(one, pins, AT_ONCE):
        if isinstance(found, NotHere):
            missing.append(found)
            continue
        meter.finished()
        yield pin, found
    if missing:
        raise _not_here(missing, places)


def _not_here(missing: Iterable[NotHere], places: PackageSources) -> UserError:
    rows = sorted(missing, key=lambda row: row.pin.name)
    directory = shlex.quote(places.wheelhouse) if places.wheelhouse else "wheels"
    names = " ".join(shlex.quote(str(row.pin)) for row in rows)
    hint = f"where there is a network: pip download --no-deps -d {directory} {names}"
    hint += "" if places.wheelhouse else "   (and here: --wheelhouse wheels)"
    why = "not on this host, and --offline forbids the network"
    if len(rows) == 1:
        return UserError(f"{rows[0]} is {why}", hint=hint)
    listed = "".join(f"\n    {row}" for row in rows)
    return UserError(f"{len(rows)} packages are {why}:{listed}", hint=hint)
