"""A file that a lock in TOML names: with a hash, and a name that is nothing but a name."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from relforge.layers.deps.pins import LockedFile
from relforge.layers.deps.toml_file import TomlFile
from relforge.support.urls import split_url


def make(
    file: TomlFile, where: str, name: str, digest: str, *, url: str = "", path: str = ""
) -> LockedFile:
    """The file of that name; raises UserError.  ``path`` is relative to the lock."""
    local = path or (unquote(split_url(url).path) if url.startswith("file:") else "")
    name = name or unquote(split_url(url).path).rpartition("/")[2]
    kind, _, sha256 = digest.partition(":")
    if kind != "sha256" or not sha256:
        raise file.refusal(where, f"{name} has no sha256 hash")
    if not name or Path(name).name != name:
        raise file.refusal(where, f"{name!r} is not the name of a file")
    return LockedFile(
        name=name,
        sha256=sha256.lower(),
        url="" if local else url,
        path=str((file.path.parent / local).resolve()) if local else "",
        where=file.line_of(sha256),
    )
