"""The tarball: every reader reads it, and equal trees give equal bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relforge import cache, formats, layout
from relforge.release import Layer, Release
from tests import builder

LONG = "python/" + "/".join(["a_rather_long_folder_name"] * 6) + "/file.py"
PLACES = {
    "python": {"python/bin/python3.12": "ELF", LONG: "x = 1\n"},
    "app": {"app/manage.py": "import sys\n", "app/größe.txt": "ü" * 1000},
    "release": {"bin/shop": "#!/bin/sh\n", "release/env.sh": ""},
}


def prepared(root: Path, change: str = "") -> Release:
    tree = root / "tree"
    for files in PLACES.values():
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text + (change if path == "app/manage.py" else ""))
            (tree / path).chmod(0o700 if "bin/" in path else 0o600)
    (tree / "bin" / "python").symlink_to("../python/bin/python3.12")
    entries = [entry for entry in cache.scan(tree) if entry.link is None]
    sums = "".join(f"{entry.sha256}  {entry.path}\n" for entry in entries)
    (tree / layout.SUMS).write_text(sums)
    owners = {path: name for name, files in PLACES.items() for path in files}
    layers = [
        Layer(
            name=name,
            key="k",
            cached=False,
            seconds=0.0,
            entries=tuple(
                entry for entry in cache.scan(tree) if owners.get(entry.path, "release") == name
            ),
        )
        for name in PLACES
    ]
    return builder.release(root, tree=tree, layers=tuple(layers))


def packed(root: Path, change: str = "", kind: str = "tar.gz") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    release = formats.choose(prepared(root, change), (kind,))
    (artifact,) = formats.step(release).artifacts
    assert cache.sha256(artifact.path) == artifact.sha256
    return artifact.path


def listed(tree: Path) -> dict[str, tuple[str, int]]:
    return {
        path.relative_to(tree).as_posix(): (
            os.readlink(path) if path.is_symlink() else path.read_text(),
            path.lstat().st_mode & 0o777,
        )
        for path in cache.walk(tree)
    }


READERS = {
    "GNU tar": ["tar", "-xzf"],
    "busybox tar": ["busybox", "tar", "-xzf"],
    "bsdtar": ["bsdtar", "-xzf"],
}


@pytest.mark.parametrize("reader", READERS)
def test_readers_agree(own_cache: Path, tmp_path: Path, reader: str) -> None:
    words = READERS[reader]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed here; CI installs it")
    artifact = packed(tmp_path / "a")
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run([*words, artifact], cwd=out, check=True)
    with tarfile.open(artifact) as archive:
        archive.extractall(tmp_path / "reference", filter="data")
    expected = listed(tmp_path / "reference" / "shop-1.0")
    assert expected == listed(out / "shop-1.0")
    assert 0o755 == expected["python/bin/python3.12"][1]
    assert 0o644 == expected["app/manage.py"][1]


def test_members_are_clean(own_cache: Path, tmp_path: Path) -> None:
    with tarfile.open(packed(tmp_path)) as archive:
        rows = archive.getmembers()
    names = [row.name for row in rows]
    assert len(names) == len(set(names)), "each path and each folder once"
    assert names[0] == "shop-1.0"
    assert {(0, 0, builder.SOURCE_DATE)} == {(row.uid, row.gid, row.mtime) for row in rows}
    assert {0o755, 0o644, 0o777} == {row.mode for row in rows}


@contextmanager
def umask(mask: int) -> Iterator[None]:
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def test_equal_trees_give_equal_bytes(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = packed(tmp_path / "one").read_bytes()
    shutil.rmtree(own_cache)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    with umask(0o077):
        second = packed(tmp_path / "two" / "deeper").read_bytes()
    assert first == second


def test_a_layer_that_did_not_change_is_not_compressed_again(
    own_cache: Path, tmp_path: Path
) -> None:
    packed(tmp_path / "one")
    before = set((own_cache / "members").glob("*.gz"))
    packed(tmp_path / "two", change="# changed\n")
    new = set((own_cache / "members").glob("*.gz")) - before
    assert 2 == len(new), "the application's layer, and the one with the digests"
