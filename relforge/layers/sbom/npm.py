"""The packages of npm that made the assets, from npm's own lock."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from relforge.model.release import Release

LOCKS = ("npm-shrinkwrap.json", "package-lock.json")  # the first that is there counts


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmPackage:
    """One row of the lock.  ``sha512`` is in hex, "" where the lock has another digest."""

    path: str  # node_modules/a/node_modules/b
    name: str  # @scope/name
    version: str
    sha512: str
    dev: bool  # it was there for the build, and nothing of it is in what was built


def packages(release: Release) -> tuple[NpmPackage, ...]:
    """What the lock beside the assets names, in its versions 2 and 3; empty without one."""
    settings = release.settings.assets
    if not settings.run:
        return ()
    directory = release.project.root / settings.cwd
    for name in LOCKS:
        try:
            rows = json.loads((directory / name).read_bytes())["packages"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return tuple(
            _package(path, row)
            for path, row in sorted(rows.items())
            if "node_modules/" in path and not row.get("link")
        )
    return ()


def _package(path: str, row: dict[str, Any]) -> NpmPackage:
    kind, _, digest = str(row.get("integrity", "")).partition(" ")[0].partition("-")
    return NpmPackage(
        path=path,
        name=row.get("name") or path.rpartition("node_modules/")[2],
        version=str(row.get("version", "")),
        sha512=_hex(digest) if kind == "sha512" else "",
        dev=bool(row.get("dev")),
    )


def _hex(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).hex()
    except binascii.Error:
        return ""
