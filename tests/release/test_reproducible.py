"""The same project gives the same bytes, wherever, whenever and by whomever it is built."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.release import workshop
from tests.release.workshop import OTHER_USER, Workshop

pytestmark = pytest.mark.release


@contextmanager
def umask(mask: int) -> Iterator[None]:
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def contents(artifact: Path) -> dict[str, str]:
    """What the tarball holds, to tell what differs."""
    rows = {}
    with tarfile.open(artifact) as archive:
        for row in archive:
            file = archive.extractfile(row) if row.isfile() else None
            digest = hashlib.sha256(file.read()).hexdigest() if file else row.linkname
            rows[row.name] = f"{row.mode:o} {row.mtime} {row.uid} {row.uname} {digest}"
    return rows


def artifact(shop: Workshop) -> Path:
    (path,) = (shop.root / "dist").iterdir()
    return path


def assert_same(one: Workshop, two: Workshop) -> None:
    if artifact(one).read_bytes() == artifact(two).read_bytes():
        return
    rows, others = contents(artifact(one)), contents(artifact(two))
    assert rows == others
    pytest.fail("the tarballs hold the same, and their bytes differ")


def test_another_directory_user_time_zone_umask_and_language(
    built: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if os.geteuid() != 0:
        pytest.skip("it needs root: another user")
    pyenv = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    place = tmp_path_factory.mktemp("elsewhere")
    home = place / "home"
    other = workshop.make(place / "a longer path (with ümlaut)" / "shop", home / "cache")
    for path in (other.root, *other.root.rglob("*")):
        os.chown(path, OTHER_USER, OTHER_USER)
    other = workshop.as_other_user(other, home).given(
        TZ="Pacific/Auckland", LANG="tr_TR.UTF-8", PYTHONHASHSEED="7", PYENV_ROOT=pyenv
    )
    with umask(0o077):
        other.report("release")
    assert OTHER_USER == artifact(other).stat().st_uid
    assert_same(built, other)


def test_a_second_build_and_one_without_root_s_umask(built: Workshop, shop: Workshop) -> None:
    with umask(0):
        shop.given(TZ="America/Caracas").report("release")
    assert_same(built, shop)
    writable = [
        path for path in shop.tree.rglob("*") if not path.is_symlink() and path.stat().st_mode & 2
    ]
    assert [] == [path for path in writable if path.is_file()]


def test_the_source_date_is_the_time_of_every_file(built: Workshop, shop: Workshop) -> None:
    shop.given(SOURCE_DATE_EPOCH="1600000000").report("release")
    with tarfile.open(artifact(shop)) as archive:
        assert {1_600_000_000} == {row.mtime for row in archive}
    with tarfile.open(artifact(built)) as archive:
        assert {int(workshop.SOURCE_DATE)} == {row.mtime for row in archive}
