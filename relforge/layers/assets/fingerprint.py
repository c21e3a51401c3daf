"""Names with a digest in them, so that a browser may keep what it has got for ever."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from relforge import cache

MANIFEST = "cache_manifest.json"
_VITE = (".vite/manifest.json", "manifest.json")  # since vite 5, and before
_URL = re.compile(r"""url\(\s*(['"]?)([^'")?#]+)([?#][^'")]*)?\1\s*\)""")


def add(folder: Path) -> None:
    """Put a copy under a name with its digest beside each file, and list them all.

    ``app.css`` gets ``app-0a1b2c3d.css``; references of style sheets to other
    files of the folder are rewritten in the copies.  ``cache_manifest.json``
    maps the plain names to the fingerprinted ones.  What vite has written has
    such a name already: it is listed, and not copied.
    """
    names = _by_vite(folder)
    done = set(names.values())
    plain = sorted(
        path.relative_to(folder).as_posix() for path in cache.walk(folder) if not path.is_symlink()
    )
    # Style sheets come last: their digests cover the names that they refer to.
    for name in sorted({*plain} - done, key=lambda name: (name.endswith(".css"), name)):
        data = (folder / name).read_bytes()
        if name.endswith(".css"):
            data = _rewrite(data, name, names)
        stem, suffix = posixpath.splitext(name)
        names[name] = f"{stem}-{cache.digest(data)[:8]}{suffix}"
        (folder / names[name]).write_bytes(data)
    (folder / MANIFEST).write_text(json.dumps(names, indent=2, sort_keys=True) + "\n")


def _rewrite(data: bytes, sheet: str, names: dict[str, str]) -> bytes:
    def to_fingerprinted(match: re.Match[str]) -> str:
        quote, reference, rest = match[1], match[2].strip(), match[3] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(sheet), reference))
        if target not in names:
            return match[0]
        there = posixpath.relpath(names[target], posixpath.dirname(sheet) or ".")
        return f"url({quote}{there}{rest}{quote})"

    return _URL.sub(to_fingerprinted, data.decode("utf-8", "surrogateescape")).encode(
        "utf-8", "surrogateescape"
    )


def _by_vite(folder: Path) -> dict[str, str]:
    """Source to file, and file to itself, of all that vite's manifest names; and the manifest."""
    for manifest in _VITE:
        try:
            chunks: dict[str, Any] = json.loads((folder / manifest).read_bytes())
            names = {source: str(chunk["file"]) for source, chunk in chunks.items()}
            rows = [[*chunk.get("css", ()), *chunk.get("assets", ())] for chunk in chunks.values()]
        except (OSError, ValueError, AttributeError, KeyError, TypeError):
            continue  # none, or the one of a web app that can be installed
        files = {*names.values(), *(name for row in rows for name in row), manifest}
        return {**names, **{name: name for name in files}}
    return {}
