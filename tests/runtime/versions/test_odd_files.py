"""S2, S4: what somebody has put in the place of a deploy root's own files and directories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.runtime.versions.conftest import Shop

pytestmark = pytest.mark.process

KINDS = ("fifo", "link", "directory")


def put(path: Path, kind: str, precious: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    precious.mkdir(parents=True, exist_ok=True)
    (precious / "file").write_text("precious")
    if path.is_file():
        path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(precious if path.name in ("incoming", "trash") else precious / "file")


@pytest.mark.parametrize("name", ["lock", "journal"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_none(shop: Shop, tmp_path: Path, name: str, kind: str) -> None:
    path = shop.root / "releases/.relforge" / name
    put(path, kind, tmp_path / "precious")
    artifact = shop.tarball("2.0.0")
    for words in (
        ("install", str(artifact)),
        ("upgrade", "1.0.0"),
        ("prune", "--keep", "3"),
        ("rollback",),
    ):
        message = shop.refused(78, *words)
        assert f"{path}: not a regular file" in message
        assert "then remove it: rm " in message
    assert "precious" == (tmp_path / "precious/file").read_text()
    assert ["1.0.0"] == shop.installed()


@pytest.mark.parametrize("name", ["incoming", "trash"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_directory_of_ours_that_is_none_is_removed(
    shop: Shop, tmp_path: Path, name: str, kind: str
) -> None:
    """Nothing is unpacked through a link, and nothing is removed behind it."""
    put(shop.root / "releases/.relforge" / name, kind, tmp_path / "precious")
    assert shop.done("install", str(shop.tarball("2.0.0")))["changed"]
    assert shop.done("uninstall", "2.0.0")["changed"]
    assert ["file"] == os.listdir(tmp_path / "precious")
    assert set() == shop.left()


@pytest.mark.parametrize("kind", ["fifo", "link", "file"])
def test_our_own_directory_is_a_directory(shop: Shop, tmp_path: Path, kind: str) -> None:
    path = shop.root / "releases/.relforge"
    if kind == "link":
        (tmp_path / "precious").mkdir()
        path.symlink_to(tmp_path / "precious")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.write_text("precious")
    message = shop.refused(78, "install", str(shop.tarball("2.0.0")))
    assert f"{path}: not a directory, so not written by a release" in message


def test_a_journal_without_an_end_is_read_to_a_limit(shop: Shop) -> None:
    """A file of 8 GiB, and a whole line at its end."""
    assert shop.done("install", str(shop.tarball("2.0.0")))["changed"]
    path = shop.root / "releases/.relforge/journal"
    lines = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(8 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + lines)
    rows = shop.done("releases")["releases"]
    assert ["1.0.0", "2.0.0"] == sorted(row["version"] for row in rows)


@pytest.mark.parametrize("name", ["", "releases", "releases/.relforge"])
def test_a_deploy_root_that_everybody_can_write_to_is_refused(shop: Shop, name: str) -> None:
    """S11: whoever can write there replaces `current`, or what it leads to."""
    artifact = shop.tarball("2.0.0")
    path = shop.root / name
    path.mkdir(exist_ok=True)
    before = path.stat().st_mode & 0o7777
    path.chmod(0o777)
    told = shop.refused(78, "install", str(artifact))
    assert f"{path}: every user can write to it (mode 777)" in told
    assert f"chmod o-w '{path}'" in told
    assert ["1.0.0"] == shop.installed()
    path.chmod(before)
    assert shop.done("install", str(artifact))["changed"]
