"""Small trees with a layer each, as the checks find them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relforge import cache
from relforge.model.release import Layer, Release
from tests import builder

SITE = "python/lib/python3.12/site-packages"


def release(root: Path, layers: dict[str, dict[str, bytes | str]], **settings: Any) -> Release:
    """A release whose layers hold these files; a text that begins with ``->`` is a link."""
    tree = root / "tree"
    made = []
    for name, files in layers.items():
        for path, content in files.items():
            place = tree / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str) and content.startswith("->"):
                place.symlink_to(content.removeprefix("->"))
            else:
                place.write_bytes(content.encode() if isinstance(content, str) else content)
        entries = tuple(cache.look(tree / path, path) for path in sorted(files))
        key = cache.key(*(f"{entry.path} {entry.sha256}" for entry in entries))
        made.append(Layer(name=name, key=key, cached=False, seconds=0.0, entries=entries))
    (root / "project").mkdir(exist_ok=True)
    return builder.release(root / "project", tree=tree, layers=tuple(made), **settings)


def app(root: Path, files: dict[str, bytes | str], **settings: Any) -> Release:
    """A release of these files of the application."""
    return release(root, {"app": files}, **settings)
