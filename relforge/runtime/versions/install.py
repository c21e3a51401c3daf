"""Installing and removing versions; a version is there as a whole, or not at all."""

from __future__ import annotations

import os

from .. import owner, paths
from ..errors import Refusal
from ..regular_file import make_own_directory
from . import judge, live, policy, source, unpack
from .book import Book, remove
from .fetch import label as name_of
from .journal import BEGUN, DONE, FAILED
from .place import sync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class InstallRequest:
    """What to install: a path or URL, a digest or "", who may sign or None, a name or None."""

    def __init__(self, what: str, sha256: str, allowed: str | None, name: str | None) -> None:
        self.what = what
        self.sha256 = sha256
        self.allowed = allowed
        self.name = name


def install(book: Book, wanted: InstallRequest) -> dict[str, Any]:
    """Unpack beside what is there, and give it its name; raises Refusal, and leaves nothing."""
    place, journal = book.place, book.journal
    make_own_directory(place.incoming, 0o700)
    label = name_of(wanted.what)
    journal.write("install", label, BEGUN)
    try:
        version, changed, digest = _install(book, wanted)
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


def _install(book: Book, wanted: InstallRequest) -> tuple[str, bool, str]:
    """The version, whether it was not there before, and the artifact's digest."""
    place = book.place
    signers = policy.signers(place.root, wanted.allowed)
    draft = os.path.join(place.incoming, "draft")
    with source.get(wanted.what, place) as found:
        digest = source.check(found, wanted.sha256, signers, place.incoming)
        tree = unpack.unpack(found.file, found.name, digest, draft)
    release = judge.check(draft, tree, wanted.name)
    unpack.link(draft, found.name, tree, release)
    version: str = release["version"]
    user = owner.of_state(paths.of(place.release(version)).state)
    if user is not None:
        os.chmod(place.incoming, 0o711)  # that user may enter it, and cannot list it
    if user is not None or os.geteuid() != 0:
        judge.check_start(draft, release["name"], user)
    return version, _name(book, draft, version), digest


def uninstall(book: Book, version: str) -> dict[str, Any]:
    """Remove a version; one that is not there is not an error.

    Raises Refusal for one that is current, or in use.
    """
    place = book.place
    if not os.path.lexists(place.release(version)):
        return {"version": version, "changed": False}
    if place.pointed() == version:
        raise Refusal(f"{version} is current", hint="switch to another version first")
    if live.versions(place.releases, [version]):
        raise Refusal(f"{version} is in use by running processes", hint="stop them first")
    book.journal.write("uninstall", version, BEGUN)
    make_own_directory(place.trash, 0o700)
    os.rename(place.release(version), os.path.join(place.trash, version))
    sync(place.releases)
    remove(place.trash)
    book.journal.write("uninstall", version, DONE)
    return {"version": version, "changed": True}


def _name(book: Book, draft: str, version: str) -> bool:
    """Rename the draft; False where the very same release has that name already."""
    place = book.place
    there = place.release(version)
    if os.path.lexists(there):
        if _sums(there) == _sums(draft):
            return False
        raise Refusal(
            f"another release with the version {version} is installed",
            hint="change the version of this one, or `uninstall` the other",
        )
    book.journal.write("install", version, BEGUN)  # by its name, for what repairs
    os.sync()  # a power cut must not leave a name with half of the files
    os.rename(draft, there)
    sync(place.releases)
    return True


def _sums(directory: str) -> bytes:
    try:
        with open(os.path.join(directory, judge.SUMS), "rb") as file:
            return file.read()
    except OSError:
        return b""
