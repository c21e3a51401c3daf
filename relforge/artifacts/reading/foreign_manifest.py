"""The manifest of a release that somebody else may have written."""

from __future__ import annotations

import json
from typing import Any

from relforge.artifacts.reading.contents import ReleaseContents
from relforge.model import layout
from relforge.support.errors import UserError

_TABLES = {
    "target": ("system", "machine"),
    "python": ("version", "source"),
    "lock": ("file", "sha256"),
}
_DEEPEST = 50  # tables in tables; relforge writes nine


def read(found: ReleaseContents) -> dict[str, Any]:
    """``release/manifest.json``; raises UserError where it is damaged."""
    manifest = value(found)
    if not manifest:
        raise UserError(
            f"{found.place}: {layout.MANIFEST} is damaged", hint=f"relforge verify {found.place}"
        )
    return manifest


def value(found: ReleaseContents) -> dict[str, Any]:
    """The same, and {} where it is damaged."""
    try:
        manifest = json.loads(found.texts[layout.MANIFEST])
    except (KeyError, ValueError, RecursionError):
        return {}
    return manifest if isinstance(manifest, dict) and _is_sound(manifest) else {}


def _is_sound(manifest: dict[str, Any]) -> bool:
    """Whether all that is read of it has the type that it should have."""
    texts = all(isinstance(manifest.get(key), str) for key in ("name", "version", "env"))
    tables = all(
        isinstance(table := manifest.get(key), dict)
        and all(isinstance(table.get(name), str) for name in names)
        for key, names in _TABLES.items()
        if key != "lock" or manifest.get(key) is not None
    )
    lists = all(isinstance(manifest.get(key), dict) for key in ("services", "commands"))
    layers = manifest.get("layers")
    return (
        texts
        and tables
        and lists
        and isinstance(layers, list)
        and all(
            isinstance(row, dict)
            and isinstance(row.get("name"), str)
            and isinstance(row.get("files"), int)
            and isinstance(row.get("size"), int)
            for row in layers
        )
        and _depth(manifest) <= _DEEPEST
    )


def _depth(value: Any) -> int:
    depth, rows = 0, [value]
    while rows and depth <= _DEEPEST:
        depth += 1
        rows = [
            inner
            for row in rows
            if isinstance(row, (dict, list))
            for inner in (row.values() if isinstance(row, dict) else row)
        ]
    return depth
