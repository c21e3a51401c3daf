"""The search for the file of one pin: the first place that has it.

For a file that the lock names: the path in the lock, the directories of files (the
wheelhouse first), the address in the lock, and any index that has the very same
file.  For one that the lock knows by its digests alone: whichever file of theirs
fits the target best, of all that directories, pages and indexes offer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from relforge import cache
from relforge.layers.deps import file_choice, index_pages, wheel_store
from relforge.layers.deps.download import DigestMismatch, download
from relforge.layers.deps.fetch_meter import Meter
from relforge.layers.deps.index_pages import Offer
from relforge.layers.deps.pins import LockedFile, Pin, mismatch
from relforge.layers.deps.platform import Platform
from relforge.layers.deps.web import Unanswered, Web
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")


class NotHere(Exception):
    """No file of the pin is on this host, and the network may not be used."""

    def __init__(self, pin: Pin, what: str) -> None:
        super().__init__(what)
        self.pin = pin


@dataclass(slots=True, kw_only=True)
class PackageSearch:
    """The search for one pin's file, and why each place was none."""

    pin: Pin
    web: Web
    meter: Meter
    problems: list[tuple[str, Unanswered]] = field(default_factory=list)
    other: str = ""  # the digest of a file that had the name and not the content
    strangers: list[Offer] = field(default_factory=list)  # with digests that the lock lacks

    def run(self, target: Platform) -> LockedFile:
        """Fetch what fits the target best; raises UserError, or NotHere without a network."""
        pin = self.pin
        if pin.files:
            file = file_choice.best(pin, target)
            rows: Iterator[Offer] = self._places_of(file)
            allowed: tuple[str, ...] = (file.sha256,)
        else:
            offers = tuple(self._offers())
            if not offers:
                raise self._failure("")
            files = tuple(
                LockedFile(name=row.name, sha256=row.sha256, url=row.url) for row in offers
            )
            file = file_choice.best(replace(pin, files=files), target)
            if not file.is_wheel:
                self._warn_of_another_python(target)
            rows = (row for row in offers if row.name == file.name)
            allowed = (file.sha256,) if file.sha256 else pin.sha256
        for offer in rows:
            if (taken := self._take(offer, file.name, allowed)) is not None:
                return taken
        raise self._failure(file.name, place=file.where)

    def _warn_of_another_python(self, target: Platform) -> None:
        """Say that a wheel would do, which a lock that was made for another Python leaves out."""
        pin = self.pin
        mine = (row for row in self.strangers if row.is_of(pin.name, pin.version))
        wheels = tuple(
            LockedFile(name=row.name, sha256=row.sha256)
            for row in mine
            if row.name.endswith(".whl")
        )
        if not wheels or not file_choice.has_wheel(replace(pin, files=wheels), target):
            return
        log.warning(
            "%s: %s is built from source: the lock has no hash of its wheel for Python %s; to "
            "lock for this Python, run: relforge lock",
            *(pin.where, pin, ".".join(target.python.split(".")[:2])),
        )

    def _take(self, offer: Offer, name: str, allowed: tuple[str, ...]) -> LockedFile | None:
        if offer.path is not None:
            if not offer.path.is_file():
                self.problems.append((str(offer.path), Unanswered("not found")))
                return None
            found = wheel_store.copy(offer.path, name, allowed)
            if isinstance(found, LockedFile):
                return found
            self.other = found
            return None
        file = LockedFile(name=name, sha256=allowed[0])
        try:
            download(file, offer.url, self.web, self.meter.count)
        except DigestMismatch as problem:
            if problem.found in allowed:  # the place lists no digests: the first was a guess
                return self._take(offer, name, (problem.found,))
            self.other = problem.found
            return None
        except Unanswered as problem:
            self.problems.append((offer.url, problem))
            return None
        return file

    def _places_of(self, file: LockedFile) -> Iterator[Offer]:
        """Where the very file may be, the nearest place first."""
        name, digest = file.name, file.sha256
        if file.path:
            yield Offer(name=name, url=Path(file.path).as_uri(), sha256=digest)
        for directory in self.web.places.directories:
            if (directory / name).is_file():
                yield Offer(name=name, url=(directory / name).absolute().as_uri(), sha256=digest)
        if file.url:
            yield Offer(name=name, url=file.url, sha256=digest)
        if not file.path:
            yield from (
                row for row in self._listed() if row.sha256 == digest and row.url != file.url
            )

    def _offers(self) -> Iterator[Offer]:
        """Each file that the lock's digests allow, or may allow where none is listed."""
        for directory in self.web.places.directories:
            yield from self._identified(index_pages.in_directory(directory))
        yield from self._identified(self._listed())

    def _identified(self, rows: Iterable[Offer]) -> Iterator[Offer]:
        """Those with a digest that the lock has, or may have; names are read only if they must."""
        pin = self.pin
        for row in rows:
            if row.sha256 in pin.sha256:
                yield row
            elif row.sha256:
                self.strangers.append(row)
            elif row.is_of(pin.name, pin.version):
                digest = cache.sha256(row.path) if row.path else ""
                if not digest or digest in pin.sha256:
                    yield replace(row, sha256=digest)
                else:
                    self.other = digest

    def _listed(self) -> Iterator[Offer]:
        """What pages and indexes have of the package; those that do not answer are noted."""
        places = self.web.places
        for page in places.pages:
            yield from self._ask(page, "")
        for index in places.indexes:
            yield from self._ask(index.url, self.pin.name)

    def _ask(self, address: str, name: str) -> tuple[Offer, ...]:
        try:
            if name:
                return index_pages.at_index(address, name, self.web)
            return index_pages.at_page(address, self.web)
        except Unanswered as problem:
            self.problems.append((address, problem))
            return ()

    def _failure(self, name: str, place: str = "") -> UserError | NotHere:
        pin, places = self.pin, self.web.places
        what = f"{place or pin.where}: {pin}" + (f": {name}" if name else "")
        if not self.other:
            mine = (row for row in self.strangers if row.is_of(pin.name, pin.version))
            self.other = next((row.sha256 for row in mine), "")
        if self.other:
            return mismatch(
                f"{pin} ({place or pin.where}{', ' + name if name else ''})", pin.sha256, self.other
            )
        if places.offline:
            return NotHere(pin, what)
        if not self.problems:
            return UserError(
                f"{what} cannot be fetched: no file in a configured index or directory matches "
                "the hashes in the lockfile",
                hint="check `indexes` in the settings and `pip config list`, or run: relforge lock",
            )
        rows = "".join(f"\n    {address}: {row.reason}" for address, row in self.problems)
        hint = next((row.hint for _, row in reversed(self.problems) if row.hint), "")
        return UserError(
            f"{what} cannot be fetched:{rows}",
            hint=hint or "check `indexes` in the settings and `pip config list`",
        )
