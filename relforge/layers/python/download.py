"""The archive of an interpreter: a file of the project, or fetched once and kept by digest."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import urllib.parse
from pathlib import Path

from relforge import cache
from relforge.cache import file_facts
from relforge.layers.deps import download as deps_download
from relforge.layers.deps import package_sources, web
from relforge.model.spec import PackageSettings, PythonArchive
from relforge.support.errors import SettingsError, UserError
from relforge.support.urls import split_url

log = logging.getLogger("relforge.layers.python")

KINDS = (".tar.gz", ".tgz", ".tar.zst")


def fetch(wanted: PythonArchive, root: Path) -> tuple[Path, str]:
    """The archive's file and its digest, which is the one in the settings.

    Raises SettingsError, with the digest found, where the settings have none.
    """
    expected = wanted.sha256.lower()
    if expected and not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise SettingsError(
            f"{wanted.where}.sha256: {wanted.sha256!r} is not a SHA-256 digest",
            hint="expected 64 hexadecimal digits",
        )
    address = split_url(wanted.place)
    kind = next((kind for kind in KINDS if address.path.endswith(kind)), None)
    if kind is None:
        raise SettingsError(
            f"{wanted.where}.archive: unknown kind of archive: {wanted.place!r}",
            hint=f"expected a name ending in {', '.join(KINDS)}",
        )
    if not address.scheme:
        path = root / Path(wanted.place).expanduser()
        if not path.is_file():
            raise SettingsError(
                f"{wanted.where}.archive: no {wanted.place!r} in {root}",
                hint="a path is relative to the project; a URL starts with https://",
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
    return _download(wanted, root, expected, kind)


def _download(wanted: PythonArchive, root: Path, expected: str, kind: str) -> tuple[Path, str]:
    directory = cache.home() / "archives"
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=directory) as scratch:
        draft = Path(scratch) / f"archive{kind}"
        try:
            _fetch(wanted.place, draft, root)
        except (web.Unanswered, OSError) as error:
            raise UserError(
                f"{wanted.where}.archive: {wanted.place} cannot be fetched: {error}",
                hint=getattr(error, "hint", "")
                or f"download it yourself, and set {wanted.where}.archive to the file's path",
            ) from None
        found = cache.sha256(draft)
        _compare(wanted, expected, found)
        kept = directory / f"{found}{kind}"
        os.replace(draft, kept)
    return kept, found


def _fetch(place: str, draft: Path, root: Path) -> None:
    """As packages are fetched: with pip's proxy and certificates, and the logins of netrc."""
    address = split_url(place)
    log.info("fetching %s", place)
    if address.scheme == "file":
        shutil.copyfile(urllib.parse.unquote(address.path), draft)
        return
    sources = package_sources.places(PackageSettings(), root)
    deps_download.pull(place, draft, web.Web(sources), _uncounted)


def _uncounted(_size: int) -> None:
    """Progress counts packages, and there is one archive."""


def _compare(wanted: PythonArchive, expected: str, found: str) -> None:
    if not expected:
        raise SettingsError(
            f"{wanted.where}.sha256: is required with an archive; the digest of {wanted.place} "
            f"is\n    {found}",
            hint="compare it with the one that the publisher gives, then set it",
        )
    if expected != found:
        raise UserError(
            f"{wanted.where}.sha256: {wanted.place} has another digest\n"
            f"    expected {expected}\n    found    {found}",
            hint="the file was replaced or damaged: change the digest only if you know why",
        )
