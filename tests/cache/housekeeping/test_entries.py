"""What is in the cache, by kind; how large it is and when it was used."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from relforge import cache
from relforge.cache.housekeeping.inventory import DRAFTS, CacheEntry, entries
from relforge.cache.housekeeping.limit import limit
from relforge.cache.housekeeping.sizes import on_disk, remembered
from relforge.support.errors import Exit, SettingsError
from tests.cache.housekeeping.conftest import DAY, tree, unused


def by_name() -> dict[str, CacheEntry]:
    return {row.name: row for row in entries()}


def test_every_entry_has_a_kind(full: Path) -> None:
    kinds = sorted(row.kind for row in entries())
    assert [
        *("archives", "backends", "deps", "members", "notes", "notes", "pex", "python"),
        *("wheels", "wheels"),
    ] == kinds
    member = by_name()["members/m"]
    assert {"m.gz", "m.json"} == {path.name for path in member.paths}


def test_no_cache_has_no_entries(own_cache: Path) -> None:
    assert () == entries()
    own_cache.rmdir()
    assert () == entries()


def test_a_use_is_noted(own_cache: Path) -> None:
    index = tree("deps", "d") / "index"
    unused(index, 3)
    assert time.time() - 4 * DAY < by_name()["trees/deps/d"].used < time.time() - 2 * DAY
    tree("deps", "d")
    assert abs(time.time() - by_name()["trees/deps/d"].used) < DAY


def test_the_longest_unused_comes_first(own_cache: Path) -> None:
    for days in (1, 3, 2):
        unused(tree("deps", f"d{days}") / "index", days)
    assert ["trees/deps/d3", "trees/deps/d2", "trees/deps/d1"] == [row.name for row in entries()]


def test_a_draft_is_a_killed_builds_when_nobody_wrote_to_it_for_long(own_cache: Path) -> None:
    directory = own_cache / "trees" / "deps" / ".d.abc"
    directory.mkdir(parents=True)
    (found,) = entries()
    assert DRAFTS == found.kind
    assert not found.is_given_up
    unused(directory, 1)
    assert entries()[0].is_given_up
    unused(directory, -1)  # the clock was set back since
    assert entries()[0].is_given_up


def test_a_file_counts_once_whatever_links_there_are(own_cache: Path) -> None:
    one, two = tree("deps", "a", 100_000), tree("deps", "b", 100_000)
    apart = sum(on_disk(entries()).values())
    (two / "files" / "data").unlink()
    os.link(one / "files" / "data", two / "files" / "data")
    assert 90_000 < apart - sum(on_disk(entries()).values()) < 110_000


def test_sizes_of_trees_are_remembered(own_cache: Path) -> None:
    place = tree("deps", "a", 100_000)
    first = remembered(entries())
    (place / "files" / "data").unlink()
    again = {row.name: size for row, size in remembered(entries()).items()}
    assert {row.name: size for row, size in first.items()}.items() <= again.items()
    cache.write(own_cache / "sizes.json", b'{"trees/deps/a": [')
    sizes = {row.name: size for row, size in remembered(entries()).items()}
    assert sizes["trees/deps/a"] < 100_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 10 * 10**9),
        ("500", 500),
        ("1.5 GB", 1_500_000_000),
        ("20g", 20 * 10**9),
        ("300 kB", 300_000),
        ("None", None),
    ],
)
def test_the_limit_is_a_size(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: int | None
) -> None:
    monkeypatch.setenv("RELFORGE_CACHE_LIMIT", text)
    assert expected == limit()


@pytest.mark.parametrize("text", ["many", "-1 GB", "1 XB", "1,5 GB", "٣ GB"])
def test_what_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RELFORGE_CACHE_LIMIT", text)
    with pytest.raises(SettingsError) as caught:
        limit()
    assert "RELFORGE_CACHE_LIMIT" in caught.value.message
    assert Exit.CONFIG == caught.value.code


def test_a_directory_of_which_nothing_is_known_is_a_kind_of_its_own(own_cache: Path) -> None:
    cache.write(own_cache / "tools" / "abc", b"\x7fELF")
    cache.write(own_cache / "tools" / "abc.json", b"{}")
    assert {"tools/abc": "tools", "tools/abc.json": "notes"} == {
        row.name: row.kind for row in entries()
    }
