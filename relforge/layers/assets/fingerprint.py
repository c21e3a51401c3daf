"""Names with a digest in them, so that a browser may keep what it has got for ever."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from relforge import cache
from relforge.layers.assets import css

MANIFEST = "cache_manifest.json"
_VITE = (".vite/manifest.json", "manifest.json")  # since vite 5, and before


def add(directory: Path) -> None:
    """Put a copy under a name with its digest beside each file, and list them all.

    ``app.css`` gets ``app-0a1b2c3d.css``; references of style sheets to other
    files of the directory are rewritten in the copies.  ``cache_manifest.json``
    maps the plain names to the fingerprinted ones.  What vite has written has
    such a name already: it is listed, and not copied.
    """
    names = _by_vite(directory)
    done = set(names.values())
    plain = sorted(
        path.relative_to(directory).as_posix()
        for path in cache.walk(directory)
        if not path.is_symlink()
    )
    left = [name for name in plain if name not in done]
    for name in left:
        if not name.endswith(".css"):
            _put(directory, name, (directory / name).read_bytes(), names)
    # The digest of a style sheet covers the names that it refers to, those of others among them.
    sheets = {name: _text(directory / name) for name in left if name.endswith(".css")}
    while sheets:
        ready = [name for name, text in sheets.items() if not _needs(name, text, sheets)]
        if ready:
            for name in ready:
                _put(directory, name, _bytes(_rewritten(sheets.pop(name), name, names)), names)
        else:
            _put_together(directory, sheets, names)
            sheets = {}
    (directory / MANIFEST).write_text(json.dumps(names, indent=2, sort_keys=True) + "\n")


def _put(directory: Path, name: str, data: bytes, names: dict[str, str], digest: str = "") -> None:
    stem, suffix = posixpath.splitext(name)
    names[name] = f"{stem}-{(digest or cache.digest(data))[:8]}{suffix}"
    (directory / names[name]).write_bytes(data)


def _put_together(directory: Path, sheets: dict[str, str], names: dict[str, str]) -> None:
    """Sheets that import each other in a circle: one digest of them all is in each name."""
    texts = {name: _bytes(_rewritten(text, name, names)) for name, text in sheets.items()}
    total = cache.digest(b"\0".join(texts[name] for name in sorted(texts)))
    known = dict(names)
    for name in sheets:
        stem, suffix = posixpath.splitext(name)
        known[name] = f"{stem}-{total[:8]}{suffix}"
    for name, text in sheets.items():
        _put(directory, name, _bytes(_rewritten(text, name, known)), names, total)


def _needs(sheet: str, text: str, others: Collection[str]) -> bool:
    """Whether it refers to another one whose name is not known yet."""
    return any(
        target != sheet and target in others
        for path in css.references(text)
        for target in _targets(sheet, path)
    )


def _rewritten(text: str, sheet: str, names: Mapping[str, str]) -> str:
    def to_fingerprinted(path: str) -> str | None:
        found = next((names[row] for row in _targets(sheet, path) if row in names), None)
        return found and posixpath.relpath(found, posixpath.dirname(sheet) or ".")

    return css.rewritten(text, to_fingerprinted)


def _targets(sheet: str, path: str) -> tuple[str, ...]:
    """The files that a path in a style sheet may mean, ``%20`` read as a blank first."""
    directory = posixpath.dirname(sheet)
    rows = (unquote(path), path) if path else ()
    return tuple(posixpath.normpath(posixpath.join(directory, row)) for row in rows)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _by_vite(directory: Path) -> dict[str, str]:
    """Source to file, and file to itself, of all that vite's manifest names; and the manifest."""
    for manifest in _VITE:
        try:
            chunks: dict[str, Any] = json.loads((directory / manifest).read_bytes())
            names = {source: str(chunk["file"]) for source, chunk in chunks.items()}
            rows = [[*chunk.get("css", ()), *chunk.get("assets", ())] for chunk in chunks.values()]
        except (OSError, ValueError, AttributeError, KeyError, TypeError):
            continue  # none, or the one of a web app that can be installed
        files = {*names.values(), *(name for row in rows for name in row), manifest}
        return {**names, **{name: name for name in files}}
    return {}
