"""Installing and removing versions; a version is there as a whole, or not at all."""

from __future__ import annotations

import os

from ..errors import Refusal
from . import judge, live, source, unpack
from .book import Book, remove
from .journal import BEGUN, DONE, FAILED
from .place import Place, is_plain, sync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIGNERS = "allowed_signers"


class Wanted:
    """What to install: a path or URL, a digest or "", who may sign or None, a name or None."""

    __slots__ = ("allowed", "name", "sha256", "what")

    def __init__(self, what: str, sha256: str, allowed: str | None, name: str | None) -> None:
        self.what = what
        self.sha256 = sha256
        self.allowed = allowed
        self.name = name


def install(book: Book, wanted: Wanted) -> dict[str, Any]:
    """Unpack beside what is there, and give it its name; raises Refusal, and leaves nothing."""
    place, journal = book.place, book.journal
    os.makedirs(place.incoming, 0o700, exist_ok=True)
    label = os.path.basename(wanted.what.partition("?")[0])
    journal.write("install", label, BEGUN)
    try:
        found = source.get(wanted.what, place)
        digest = source.check(found, wanted.sha256, _signers(place, wanted.allowed))
        draft = os.path.join(place.incoming, "draft")
        tree = unpack.unpack(found.path, draft)
        release = judge.check(draft, tree, wanted.name)
        version: str = release["version"]
        changed = _name(place, draft, version)
    except BaseException as error:
        why = error.message.partition("\n")[0] if isinstance(error, Refusal) else "interrupted"
        remove(place.incoming)
        journal.write("install", label, FAILED, why=why)
        if isinstance(error, OSError):
            where = error.filename or place.releases
            raise Refusal(f"{where}: {error.strerror}") from None
        raise
    remove(place.incoming)
    # What was there before keeps its time, by which `prune` goes.
    journal.write("install", version if changed else label, DONE)
    path = place.release(version)
    return {"version": version, "changed": changed, "sha256": digest, "path": path}


def uninstall(book: Book, version: str) -> dict[str, Any]:
    """Remove a version that is neither current nor in use; one that is not there is no error."""
    place = book.place
    if not os.path.lexists(place.release(version)):
        return {"version": version, "changed": False}
    if place.pointed() == version:
        raise Refusal(f"{version} is current", hint="switch to another one before")
    if live.versions(place.releases, [version]):
        raise Refusal(f"{version} is in use: processes of it run", hint="stop them before")
    book.journal.write("uninstall", version, BEGUN)
    os.makedirs(place.trash, 0o700, exist_ok=True)
    os.rename(place.release(version), os.path.join(place.trash, version))
    sync(place.releases)
    remove(place.trash)
    book.journal.write("uninstall", version, DONE)
    return {"version": version, "changed": True}


def _signers(place: Place, given: str | None) -> str | None:
    path = given or os.path.join(place.root, SIGNERS)
    if os.path.isfile(path):
        return path
    if given:
        raise Refusal(f"{given}: there is no such file", hint="it lists who may sign")
    return None


def _name(place: Place, draft: str, version: str) -> bool:
    """Rename the draft; False where the very same release has that name already."""
    if not is_plain(version):
        raise Refusal(f"its version, {version!r}, cannot be the name of a folder")
    there = place.release(version)
    if os.path.lexists(there):
        if _sums(there) == _sums(draft):
            return False
        raise Refusal(
            f"another release with the version {version} is installed",
            hint="give this one a version of its own, or `uninstall` that one",
        )
    os.sync()  # a power cut must not leave a name with half of the files
    os.rename(draft, there)
    sync(place.releases)
    return True


def _sums(folder: str) -> bytes:
    try:
        with open(os.path.join(folder, judge.SUMS), "rb") as file:
            return file.read()
    except OSError:
        return b""
