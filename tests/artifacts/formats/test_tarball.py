"""Tarballs: every reader reads them, and equal trees give equal bytes."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relforge import cache
from relforge.artifacts import signing
from relforge.support.zstd import zstd
from tests import builder
from tests.artifacts.formats import shop

READERS = {
    "GNU tar": ("tar", "tar -xf {}"),
    "busybox tar": ("busybox", "busybox tar -xzf {}"),
    "bsdtar": ("bsdtar", "bsdtar -xf {}"),
}
ZST_READERS = {
    "GNU tar": ("zstd", "tar --zstd -xf {}"),
    "busybox tar": ("zstd", "zstd -dc {} | busybox tar -xf -"),
    "bsdtar": ("bsdtar", "bsdtar -xf {}"),
}
CASES = [("tar.gz", *row) for row in READERS.items()]
CASES += [("tar.zst", *row) for row in ZST_READERS.items()]


def opened(artifact: Path) -> tarfile.TarFile:
    if artifact.suffix == ".gz":
        return tarfile.open(artifact)
    return tarfile.open(fileobj=io.BytesIO(zstd.decompress(artifact.read_bytes())))


def listed(tree: Path) -> dict[str, tuple[str, int]]:
    return {
        path.relative_to(tree).as_posix(): (
            os.readlink(path) if path.is_symlink() else path.read_text(),
            path.lstat().st_mode & 0o777,
        )
        for path in cache.walk(tree)
    }


@pytest.mark.process
@pytest.mark.parametrize(("kind", "reader", "words"), CASES)
def test_readers_agree(
    own_cache: Path, tmp_path: Path, kind: str, reader: str, words: tuple[str, str]
) -> None:
    program, command = words
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here; CI installs it")
    artifact = shop.packed(tmp_path / "a", kind).path
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["sh", "-c", command.format('"$0"'), artifact], cwd=out, check=True)
    with opened(artifact) as archive:
        # Debian 12's CPython has no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path / "reference")
    expected = listed(tmp_path / "reference" / "shop-1.0")
    assert expected == listed(out / "shop-1.0")
    assert 0o755 == expected["python/bin/python3.12"][1]
    assert 0o644 == expected["app/manage.py"][1]
    assert "../python/bin/python3.12" == expected["bin/python"][0]


@pytest.mark.parametrize("kind", ["tar.gz", "tar.zst"])
def test_members_are_clean(own_cache: Path, tmp_path: Path, kind: str) -> None:
    with opened(shop.packed(tmp_path, kind).path) as archive:
        rows = archive.getmembers()
    names = [row.name for row in rows]
    assert len(names) == len(set(names)), "each path and each directory once"
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


@pytest.mark.parametrize("kind", ["tar.gz", "tar.zst", "run"])
def test_equal_trees_give_equal_bytes(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    first = shop.packed(tmp_path / "one", kind).path.read_bytes()
    shutil.rmtree(own_cache)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    with umask(0o077):
        second = shop.packed(tmp_path / "two" / "deeper", kind).path.read_bytes()
    assert first == second


def test_what_stood_beside_another_artifact_of_that_name_goes(tmp_path: Path) -> None:
    first = shop.packed(tmp_path, "tar.gz")
    for path in signing.beside(first.path):
        path.touch()
    shop.packed(tmp_path, "tar.gz")
    assert all(path.exists() for path in signing.beside(first.path)), "nothing changed"
    again = shop.packed(tmp_path, "tar.gz", "changed")
    assert first.path == again.path
    assert [first.path] == list(first.path.parent.iterdir())
