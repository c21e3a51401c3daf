"""A cache with an entry of each kind, made by those who make them."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

import pytest

from relforge import cache

DAY = 86400


def tree(kind: str, key: str, size: int = 10_000) -> Path:
    """A tree of one file; the directory of its entry."""

    def build(directory: Path) -> None:
        (directory / "data").write_bytes(os.urandom(size))

    return cache.tree(kind, key, build).path.parent


def wheel(data: bytes) -> Path:
    directory = cache.home() / "wheels" / cache.digest(data)
    cache.write(directory / "a-1-py3-none-any.whl", data)
    return directory


def member(key: str, data: bytes) -> Path:
    place = cache.home() / "members" / f"{key}.gz"
    cache.write(place, data)
    facts = {"size": len(data), "sha256": cache.digest(data)}
    cache.write(place.with_suffix(".json"), json.dumps(facts).encode())
    return place


def unused(path: Path, days: float) -> Path:
    """Make believe that it was used so long ago."""
    then = time.time() - days * DAY
    os.utime(path, (then, then))
    return path


@pytest.fixture
def full(own_cache: Path) -> Path:
    """One entry of each kind, made by nobody else; returns the cache's directory."""
    tree("python", "p")
    tree("deps", "d")
    member("m", b"member")
    wheel(b"wheel")
    built = own_cache / "wheels" / "built" / "k" / "b-1-py3-none-any.whl"
    built.parent.mkdir(parents=True)
    with zipfile.ZipFile(built, "w") as archive:
        archive.writestr("b.py", "b = 1\n")
    cache.write(own_cache / "archives" / f"{cache.digest(b'archive')}.tar.gz", b"archive")
    cache.write(own_cache / "libraries" / "note.json", b"{}")
    cache.write(own_cache / "wheels" / "picks" / "pick.json", b"{}")
    cache.write(own_cache / "backends" / "b" / "whole", b"")
    cache.write(own_cache / "pex" / "things" / "thing", b"thing")
    return own_cache
