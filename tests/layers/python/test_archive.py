"""Interpreters from archives: what is taken, what is refused, and that no member gets out."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache, elf
from relforge.layers import python
from relforge.layers.python import archive
from relforge.layers.python.step import make
from relforge.model.spec import PythonSettings
from relforge.support.errors import Exit, SettingsError, UserError
from relforge.support.zstd import zstd
from tests.layers.python.conftest import Moved

AARCH64 = 183  # e_machine


def pack(tree: Path, path: Path) -> Path:
    """The tree as python-build-standalone's install_only archives have it."""
    if path.suffix == ".zst":
        with (
            path.open("wb") as file,
            zstd.ZstdFile(file, "w", level=1) as stream,
            tarfile.open(fileobj=stream, mode="w|") as tar,
        ):
            tar.add(tree, "python")
    else:
        with tarfile.open(path, "w:gz", compresslevel=1) as tar:
            tar.add(tree, "python")
    return path


def settings(path: Path | str, version: str, sha256: str | None = None) -> PythonSettings:
    digest = cache.sha256(Path(path)) if sha256 is None else sha256
    return PythonSettings(version=version, source="archive", archive=str(path), sha256=digest)


def row(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def tar_of(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            member.size = 4 if member.isreg() else 0
            tar.addfile(member, io.BytesIO(b"data") if member.isreg() else None)
    return path


@pytest.fixture(scope="module")
def packed(any_moved: Moved, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of a relocated tree."""
    return pack(any_moved.tree.path, tmp_path_factory.mktemp("archive") / "cpython.tar.gz")


@pytest.mark.release
def test_a_tree_that_went_through_an_archive_is_the_same(any_moved: Moved, tmp_path: Path) -> None:
    packed = pack(any_moved.tree.path, tmp_path / "cpython.tar.zst")
    wanted = settings(packed.name, any_moved.interpreter.short, cache.sha256(packed))

    found = python.find(wanted, tmp_path)

    assert any_moved.interpreter.version == found.version
    assert ("archive", any_moved.interpreter.tag) == (found.source, found.tag)
    (tmp_path / "draft").mkdir()
    make(found, wanted, tmp_path / "draft")
    assert any_moved.tree.entries == cache.scan(tmp_path / "draft")


@pytest.mark.release
def test_an_archive_for_another_cpu_is_laid_out_without_running_it(
    any_moved: Moved, tmp_path: Path
) -> None:
    one, short = any_moved, any_moved.interpreter.short
    tree = cache.Tree(path=one.tree.path, entries=one.tree.entries, cached=True)
    for entry in tree.entries:
        target = tmp_path / "tree" / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.link is not None:
            target.symlink_to(entry.link)
            continue
        data = (tree.path / entry.path).read_bytes()
        if data.startswith(b"\x7fELF"):
            data = data[:18] + AARCH64.to_bytes(2, "little") + data[20:]
        target.write_bytes(data)
        target.chmod(entry.mode)
    wanted = settings(pack(tmp_path / "tree", tmp_path / "other.tar.gz"), short)

    found = python.find(wanted, tmp_path)
    (tmp_path / "draft").mkdir()
    make(found, wanted, tmp_path / "draft")

    assert "aarch64" == found.machine
    program = elf.read(tmp_path / "draft" / "bin" / f"python{short}")
    assert program is not None and program.machine == "aarch64"
    assert (tmp_path / "draft" / "lib" / "libssl.so.3").exists()


@pytest.mark.release
def test_an_archive_is_fetched_once_and_kept_by_its_digest(
    any_moved: Moved, packed: Path, tmp_path: Path
) -> None:
    source = tmp_path / "cpython.tar.gz"
    shutil.copy(packed, source)
    wanted = replace(settings(source, any_moved.interpreter.short), archive=source.as_uri())
    first = python.find(wanted, Path("/"))
    source.unlink()
    assert first == python.find(wanted, Path("/"))
    assert first.origin.is_relative_to(cache.home())


@pytest.mark.release
def test_an_archive_of_another_version_is_refused(any_moved: Moved, packed: Path) -> None:
    version = any_moved.interpreter.version
    for wrong in ("3.99", f"{version}9"):
        with pytest.raises(UserError) as caught:
            python.find(settings(packed, wrong), Path("/"))
        assert f"is CPython {version}" in caught.value.message
        assert f"version is {wrong}" in caught.value.message


def test_a_missing_digest_is_asked_for_and_the_one_found_is_reported(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a.tar.gz", row("python/bin/python3.12"))
    for place in ("a.tar.gz", path.as_uri()):
        with pytest.raises(SettingsError) as caught:
            python.find(settings(place, "3.12", ""), tmp_path)
        assert "tool.relforge.python.sha256" in caught.value.message
        assert cache.sha256(path) in caught.value.message
        assert Exit.CONFIG == caught.value.code


def test_another_digest_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a.tar.gz", row("python/bin/python3.12"))
    for place in ("a.tar.gz", path.as_uri()):
        with pytest.raises(UserError) as caught:
            python.find(settings(place, "3.12", "0" * 64), tmp_path)
        assert "0" * 64 in caught.value.message and cache.sha256(path) in caught.value.message
        assert Exit.FAILED == caught.value.code
    assert not (cache.home() / "archives" / f"{'0' * 64}.tar.gz").exists()


@pytest.mark.parametrize(
    ("place", "digest", "message"),
    [
        ("a.tar.gz", "abc", "is not a SHA-256 digest"),
        ("a.zip", "0" * 64, "unknown kind of archive"),
        ("gone.tar.gz", "0" * 64, "no 'gone.tar.gz' in"),
        ("ftp://host.invalid/a.tar.gz", "0" * 64, "ftp:// is not supported"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    tmp_path: Path, place: str, digest: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        python.find(settings(place, "3.12", digest), tmp_path)
    assert "tool.relforge.python." in caught.value.message


@pytest.mark.network
def test_an_address_that_does_not_answer_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be fetched"):
        python.find(settings("http://127.0.0.1:9/a.tar.gz", "3.12", "0" * 64), tmp_path)


@pytest.mark.parametrize(
    "members",
    [
        [row("../outside")],
        [row("python/../../outside")],
        [row("/tmp/outside")],
        [row("other/file")],
        [row("python/link", tarfile.SYMTYPE, "/etc")],
        [row("python/link", tarfile.SYMTYPE, "../../outside")],
        [row("python/link", tarfile.SYMTYPE, ".."), row("python/link/outside")],
        [row("python/here", tarfile.SYMTYPE, "lib"), row("python/here/file")],
        [row("python/file", tarfile.SYMTYPE, "other"), row("python/file")],
        [row("python/up", tarfile.SYMTYPE, "a/b/.."), row("python/a/b", tarfile.SYMTYPE, "..")],
        [row("python/hard", tarfile.LNKTYPE, "../outside")],
        [row("python/hard", tarfile.LNKTYPE, "/etc/passwd")],
        [row("python/l", tarfile.SYMTYPE, "x"), row("python/hard", tarfile.LNKTYPE, "python/l")],
        [row("python/device", tarfile.CHRTYPE)],
        [row("python/pipe", tarfile.FIFOTYPE)],
    ],
    ids=lambda members: " ".join(f"{m.name}:{m.linkname}".rstrip(":") for m in members),
)
def test_a_member_that_would_get_out_is_refused(
    tmp_path: Path, members: list[tarfile.TarInfo]
) -> None:
    packed = tar_of(tmp_path / "a.tar.gz", *members)
    directory = tmp_path / "deep" / "draft"
    directory.mkdir(parents=True)
    with pytest.raises(UserError, match="nothing was unpacked"):
        archive.unpack(packed, directory)
    with pytest.raises(UserError, match="nothing was unpacked"):
        python.find(settings(packed, "3.12"), tmp_path)
    found = [path for path in tmp_path.rglob("*") if path.is_symlink() or not path.is_dir()]
    written = [path for path in found if path != packed]
    assert all(path.is_relative_to(directory / "python") for path in written)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([row("python/lib/readme")], "no interpreter in it"),
        ([row("python/install/bin/python3.12")], "full archive"),
        ([row("python/bin/python3.12")], "not a program for Linux with glibc"),
    ],
)
def test_an_archive_of_another_shape_is_refused(
    tmp_path: Path, members: list[tarfile.TarInfo], message: str
) -> None:
    packed = tar_of(tmp_path / "a.tar.gz", *members)
    with pytest.raises(UserError, match=message):
        python.find(settings(packed, "3.12"), tmp_path)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar.zst"])
def test_a_damaged_archive_is_an_error_of_the_user(tmp_path: Path, name: str) -> None:
    good = tmp_path / "good"
    (good / "bin").mkdir(parents=True)
    (good / "bin" / "data").write_bytes(os.urandom(50_000))
    packed = pack(good, tmp_path / name)
    for data in (b"nothing of the kind", packed.read_bytes()[:20_000]):
        packed.write_bytes(data)
        with pytest.raises(UserError, match="cannot be unpacked"):
            python.find(settings(packed, "3.12"), tmp_path)


def test_modes_owners_and_times_are_not_taken_over(tmp_path: Path) -> None:
    program = row("python/bin/program")
    program.mode, program.uid = 0o4777, 12345
    packed = tar_of(tmp_path / "a.tar.gz", program, row("python/bin/plain"))
    root = archive.unpack(packed, tmp_path)
    modes = [(root / "bin" / name).stat().st_mode & 0o7777 for name in ("program", "plain")]
    assert 0o755 == modes[0] and not modes[1] & 0o111
    assert os.getuid() == (root / "bin" / "program").stat().st_uid


def test_a_hard_link_to_what_is_not_there_is_an_error_of_the_user(tmp_path: Path) -> None:
    packed = tar_of(tmp_path / "a.tar.gz", row("python/hard", tarfile.LNKTYPE, "python/gone"))
    with pytest.raises(UserError, match="cannot be unpacked"):
        archive.unpack(packed, tmp_path)
