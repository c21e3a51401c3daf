"""The cache: whole entries or none, and never written through."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.model.release import Entry
from relforge.support.errors import UserError


def fill(directory: Path) -> None:
    (directory / "bin").mkdir()
    (directory / "bin" / "tool").write_text("tool")
    (directory / "bin" / "tool").chmod(0o700)
    (directory / "data").write_text("data")
    (directory / "link").symlink_to("data")


def test_a_tree_is_built_once(own_cache: Path) -> None:
    calls = []

    def build(directory: Path) -> None:
        calls.append(directory)
        fill(directory)

    first = cache.tree("kind", "key", build)
    second = cache.tree("kind", "key", build)
    assert 1 == len(calls)
    assert not first.cached
    assert second.cached
    assert first.entries == second.entries


def test_modes_are_plain_whatever_the_umask(own_cache: Path) -> None:
    old = os.umask(0o077)
    try:
        tree = cache.tree("kind", "key", fill)
    finally:
        os.umask(old)
    modes = {entry.path: entry.mode for entry in tree.entries}
    assert {"bin/tool": 0o755, "data": 0o644, "link": 0o777} == modes


def test_placing_twice_replaces_and_never_writes_through(own_cache: Path, tmp_path: Path) -> None:
    tree = cache.tree("kind", "key", fill)
    cache.place(tree, tmp_path)
    cache.place(tree, tmp_path)
    assert "data" == os.readlink(tmp_path / "link")
    assert "data" == (tree.path / "data").read_text()


def test_a_build_that_fails_leaves_nothing_and_the_next_succeeds(own_cache: Path) -> None:
    def fail(directory: Path) -> None:
        fill(directory)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        cache.tree("kind", "key", fail)
    assert [] == list((own_cache / "trees" / "kind").iterdir())
    assert not cache.tree("kind", "key", fill).cached


@pytest.mark.parametrize("damage", ["missing", "short", "index"])
def test_a_damaged_entry_is_built_again(own_cache: Path, damage: str) -> None:
    tree = cache.tree("kind", "key", fill)
    if damage == "missing":
        (tree.path / "data").unlink()
    elif damage == "short":
        (tree.path / "data").write_text("dat")
    else:
        (tree.path.parent / "index").write_text("[{")
    again = cache.tree("kind", "key", fill)
    assert not again.cached
    assert "data" == (again.path / "data").read_text()


@pytest.mark.parametrize("kind", ["a FIFO", "a socket"])
def test_what_is_no_file_is_refused_and_never_opened(tmp_path: Path, kind: str) -> None:
    """B8: a process that opens a FIFO waits for another one."""
    place = tmp_path / "deep" / "it"
    place.parent.mkdir()
    if kind == "a FIFO":
        os.mkfifo(place)
    else:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(os.fspath(place))
    for look in (lambda: list(cache.walk(tmp_path)), lambda: cache.look(place, "it")):
        with pytest.raises(UserError, match=rf"{place}: is {kind}; a release holds files"):
            look()
    (tmp_path / "link").symlink_to("deep/it")
    assert "deep/it" == cache.look(tmp_path / "link", "link").link


def test_a_key_shows_its_parts_apart() -> None:
    assert cache.key("ab", "c") != cache.key("a", "bc")
    assert cache.key("a") == cache.key("a")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), cache.appear(tmp_path / "file") as out:
        out.write(b"half")
        raise RuntimeError
    assert [] == list(tmp_path.iterdir())


def test_a_cache_that_cannot_be_made_is_an_error_with_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(UserError) as caught:
        cache.tree("kind", "key", fill)
    assert "RELFORGE_CACHE_DIR" in caught.value.hint


@pytest.mark.process
def test_a_cache_that_went_through_an_archive_is_still_known(own_cache: Path) -> None:
    cache.tree("kind", "key", fill)
    packed = own_cache.with_suffix(".tar")
    subprocess.run(["tar", "-cf", packed, "-C", own_cache, "trees"], check=True, timeout=30)
    shutil.rmtree(own_cache / "trees")
    subprocess.run(["tar", "-xf", packed, "-C", own_cache], check=True, timeout=30)
    assert cache.tree("kind", "key", fill).cached


def test_a_file_that_was_written_to_makes_its_tree_again(own_cache: Path) -> None:
    tree = cache.tree("kind", "key", fill)
    (tree.path / "data").write_text("atad")
    assert not cache.tree("kind", "key", fill).cached


@pytest.fixture
def sharing(tmp_path: Path) -> Iterator[Path]:
    """A directory of a file system whose files can share blocks."""
    program = shutil.which("mkfs.btrfs", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if program is None or os.geteuid() != 0:
        pytest.skip("it needs root and mkfs.btrfs; CI has both")
    image, place = tmp_path / "disk", tmp_path / "mounted"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(200 << 20)
    subprocess.run([program, "-q", image], check=True, timeout=60)
    subprocess.run(["mount", "-o", "loop", image, place], check=True, timeout=60)
    yield place
    subprocess.run(["umount", place], check=True, timeout=60)


@pytest.mark.process
def test_files_share_blocks_where_the_disk_can_and_inodes_where_it_cannot(
    sharing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inodes = {}
    for name, directory in {"shared": sharing, "linked": tmp_path}.items():
        monkeypatch.setenv("RELFORGE_CACHE_DIR", str(directory / "cache"))
        tree = cache.tree("kind", "key", fill)
        cache.place(tree, directory / "tree")
        placed = directory / "tree" / "bin" / "tool"
        inodes[name] = placed.samefile(tree.path / "bin" / "tool")
        (entry,) = (row for row in tree.entries if row.path == "bin/tool")
        assert cache.is_file_of(entry, placed.lstat())
        assert "data" == (directory / "tree" / "link").read_text()
    assert {"shared": False, "linked": True} == inodes
    written = sharing / "tree" / "data"
    written.write_text("written to")
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(sharing / "cache"))
    assert cache.tree("kind", "key", fill).cached


def test_what_a_tree_took_from_others_is_not_read_again(own_cache: Path) -> None:
    first = cache.tree("kind", "one", fill)
    taken = [row for row in first.entries if row.path == "data"]
    false = cache.digest(b"not what is in it")

    def build(directory: Path) -> list[Entry]:
        cache.place(first, directory)
        (directory / "new").write_text("new")
        return [replace(row, sha256=false) for row in taken]

    second = {row.path: row.sha256 for row in cache.tree("kind", "two", build).entries}
    assert false == second["data"]
    assert cache.digest(b"new") == second["new"]
