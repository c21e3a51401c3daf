"""The archive of an interpreter: a file of the project, or fetched once and kept by digest."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from relforge import cache
from relforge.cache import file_facts
from relforge.model.spec import PythonArchive
from relforge.support import network
from relforge.support.errors import SettingsError, UserError

log = logging.getLogger("relforge.layers.python")

KINDS = (".tar.gz", ".tgz", ".tar.zst")
CHUNK = 1 << 20
TIMEOUT = 60.0  # seconds without a byte


def fetch(wanted: PythonArchive, root: Path) -> tuple[Path, str]:
    """The archive's file and its digest, which is the one in the settings.

    Raises SettingsError, with the digest found, where the settings have none.
    """
    expected = wanted.sha256.lower()
    if expected and not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise SettingsError(
            f"{wanted.where}.sha256: {wanted.sha256!r} is no SHA-256 digest",
            hint="expected 64 hexadecimal digits",
        )
    address = urllib.parse.urlsplit(wanted.place)
    kind = next((kind for kind in KINDS if address.path.endswith(kind)), None)
    if kind is None:
        raise SettingsError(
            f"{wanted.where}.archive: {wanted.place!r} is of no known kind",
            hint=f"expected a name that ends in {', '.join(KINDS)}",
        )
    if not address.scheme:
        path = root / Path(wanted.place).expanduser()
        if not path.is_file():
            raise SettingsError(
                f"{wanted.where}.archive: there is no {wanted.place!r} in {root}",
                hint="a path is relative to the project; an address starts with https://",
            )
        found = file_facts.sha256(path)
        _compare(wanted, expected, found)
        return path, found
    if address.scheme not in ("https", "http", "file"):
        raise SettingsError(
            f"{wanted.where}.archive: {address.scheme}:// is not supported",
            hint="expected https://, http://, file:// or a path",
        )
    kept = cache.home() / "archives" / f"{expected}{kind}"
    if expected and kept.is_file() and file_facts.sha256(kept) == expected:
        return kept, expected
    return _download(wanted, expected, kind)


def _download(wanted: PythonArchive, expected: str, kind: str) -> tuple[Path, str]:
    if network.offline() and not wanted.place.startswith("file:"):
        raise UserError(
            f"{wanted.where}.archive: {wanted.place} is not on this host, and no network is to be "
            "used (--offline)",
            hint="build once where there is a network, or name a file",
        )
    folder = cache.home() / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    log.info("fetching %s", wanted.place)
    descriptor, draft = tempfile.mkstemp(prefix=".", suffix=kind, dir=folder)
    try:
        digest = hashlib.sha256()
        with (
            os.fdopen(descriptor, "wb") as file,
            urllib.request.urlopen(wanted.place, timeout=TIMEOUT) as answer,
        ):
            announced = answer.headers.get("Content-Length")
            while chunk := answer.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            if announced is not None and file.tell() != int(announced):
                raise OSError(f"{file.tell()} bytes of {announced} came")
        found = digest.hexdigest()
        _compare(wanted, expected, found)
        kept = folder / f"{found}{kind}"
        os.replace(draft, kept)
    except (OSError, ValueError) as error:  # URLError and HTTPError are OSErrors
        reason = getattr(error, "reason", None) or error
        raise UserError(
            f"{wanted.where}.archive: {wanted.place} cannot be fetched: {reason}",
            hint=f"fetch it by hand, and set {wanted.where}.archive to the file's path",
        ) from None
    finally:
        Path(draft).unlink(missing_ok=True)
    return kept, found


def _compare(wanted: PythonArchive, expected: str, found: str) -> None:
    if not expected:
        raise SettingsError(
            f"{wanted.where}.sha256: is missing, and an archive is used only with its "
            f"digest; that of {wanted.place} is\n    {found}",
            hint="compare it with the one that the publisher names, then write it there",
        )
    if expected != found:
        raise UserError(
            f"{wanted.where}.sha256: {wanted.place} has another digest\n"
            f"    expected {expected}\n    found    {found}",
            hint="the file was replaced or damaged; change the digest only if you know why",
        )
