"""Every kind of damage is found, named, and fixed by making the entry again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge import cache
from relforge.cache.housekeeping.verification import repair, verify
from tests.cache.housekeeping.conftest import tree


def flip(path: Path) -> None:
    """Change a byte, but neither size nor time stamp."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_what_was_written_is_sound(full: Path) -> None:
    verdict = verify()
    assert () == verdict.damaged
    assert (8, 2) == (verdict.checked, verdict.unchecked)


@pytest.mark.parametrize(
    ("place", "damage", "why"),
    [
        ("trees/deps/d/files/data", flip, "data has changed"),
        ("trees/deps/d/files/data", Path.unlink, "data is missing"),
        ("trees/deps/d/index", shorten, "index is missing or was written by"),
        ("members/m.gz", flip, "m.gz has changed"),
        ("members/m.gz", Path.unlink, "the member or its digest is missing"),
        ("members/m.json", shorten, "m.json was written by another version"),
        ("wheels/{wheel}/a-1-py3-none-any.whl", flip, "a-1-py3-none-any.whl has changed"),
        ("wheels/{wheel}/a-1-py3-none-any.whl", Path.unlink, "the wheel is missing"),
        ("wheels/built/k/b-1-py3-none-any.whl", shorten, "b-1-py3-none-any.whl"),
        ("archives/{archive}.tar.gz", flip, ".tar.gz has changed"),
        ("libraries/note.json", shorten, "is truncated"),
    ],
)
def test_damage_is_named_and_removed(
    full: Path, place: str, damage: Callable[[Path], None], why: str
) -> None:
    names = {"wheel": cache.digest(b"wheel"), "archive": cache.digest(b"archive")}
    damage(full / place.format(**names))
    (found,) = verify().damaged
    assert why in found.why
    assert place.format(**names).startswith(found.entry.name)
    assert (found,) == repair([found])
    assert () == verify().damaged


def test_what_was_made_again_meanwhile_stays(full: Path) -> None:
    data = full / "trees" / "deps" / "d" / "files" / "data"
    flip(data)
    (found,) = verify().damaged
    flip(data)
    assert () == repair([found])
    assert data.exists()


def test_damage_behind_size_and_time_is_fixed_by_repair(own_cache: Path) -> None:
    place = tree("deps", "d")
    flip(place / "files" / "data")
    assert cache.tree("deps", "d", lambda directory: None).cached, "a build looks at no content"
    repair(verify().damaged)
    assert not cache.tree("deps", "d", lambda directory: None).cached
