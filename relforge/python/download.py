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
from relforge.errors import SettingsError, UserError
from relforge.python import memo
from relforge.release import PythonSettings

log = logging.getLogger("relforge.python")

KINDS = (".tar.gz", ".tgz", ".tar.zst")
CHUNK = 1 << 20
TIMEOUT = 60.0  # seconds without a byte


def fetch(settings: PythonSettings, root: Path) -> tuple[Path, str]:
    """The archive's file and its digest, which is the one in the settings.

    Raises SettingsError, with the digest found, where the settings have none.
    """
    wanted = settings.sha256.lower()
    if wanted and not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise SettingsError(
            f"tool.relforge.python.sha256: {settings.sha256!r} is no SHA-256 digest",
            hint="expected 64 hexadecimal digits",
        )
    address = urllib.parse.urlsplit(settings.archive)
    kind = next((kind for kind in KINDS if address.path.endswith(kind)), None)
    if kind is None:
        raise SettingsError(
            f"tool.relforge.python.archive: {settings.archive!r} is of no known kind",
            hint=f"expected a name that ends in {', '.join(KINDS)}",
        )
    if not address.scheme:
        path = root / Path(settings.archive).expanduser()
        if not path.is_file():
            raise SettingsError(
                f"tool.relforge.python.archive: there is no {settings.archive!r} in {root}",
                hint="a path is relative to the project; an address starts with https://",
            )
        found = memo.sha256(path)
        _compare(settings, wanted, found)
        return path, found
    if address.scheme not in ("https", "http", "file"):
        raise SettingsError(
            f"tool.relforge.python.archive: {address.scheme}:// is not supported",
            hint="expected https://, http://, file:// or a path",
        )
    kept = cache.home() / "archives" / f"{wanted}{kind}"
    if wanted and kept.is_file() and memo.sha256(kept) == wanted:
        return kept, wanted
    return _download(settings, wanted, kind)


def _download(settings: PythonSettings, wanted: str, kind: str) -> tuple[Path, str]:
    folder = cache.home() / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    log.info("fetching %s", settings.archive)
    descriptor, draft = tempfile.mkstemp(prefix=".", suffix=kind, dir=folder)
    try:
        digest = hashlib.sha256()
        with (
            os.fdopen(descriptor, "wb") as file,
            urllib.request.urlopen(settings.archive, timeout=TIMEOUT) as answer,
        ):
            expected = answer.headers.get("Content-Length")
            while chunk := answer.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            if expected is not None and file.tell() != int(expected):
                raise OSError(f"{file.tell()} bytes of {expected} came")
        found = digest.hexdigest()
        _compare(settings, wanted, found)
        kept = folder / f"{found}{kind}"
        os.replace(draft, kept)
    except (OSError, ValueError) as error:  # URLError and HTTPError are OSErrors
        reason = getattr(error, "reason", None) or error
        raise UserError(
            f"tool.relforge.python.archive: {settings.archive} cannot be fetched: {reason}",
            hint="fetch it by hand, and set tool.relforge.python.archive to the file's path",
        ) from None
    finally:
        Path(draft).unlink(missing_ok=True)
    return kept, found


def _compare(settings: PythonSettings, wanted: str, found: str) -> None:
    if not wanted:
        raise SettingsError(
            "tool.relforge.python.sha256: is missing, and an archive is used only with its "
            f"digest; that of {settings.archive} is\n    {found}",
            hint="compare it with the one that the publisher names, then write it there",
        )
    if wanted != found:
        raise UserError(
            f"tool.relforge.python.sha256: {settings.archive} has another digest\n"
            f"    expected {wanted}\n    found    {found}",
            hint="the file was replaced or damaged; change the digest only if you know why",
        )
