"""S9, S21: a member that no build writes is refused by `install` and `verify`, in words."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from relforge.artifacts.reading import reader, verify
from relforge.runtime.errors import Refusal
from relforge.runtime.versions import judge, source, unpack
from relforge.runtime.versions.place import DeployRoot
from relforge.support.errors import UserError
from tests.artifacts.reading import archives
from tests.artifacts.reading.archives import TOP
from tests.runtime.versions.conftest import Member

TARGET = {"system": "linux", "machine": os.uname().machine, "glibc": "2.17"}
FILES = {
    **archives.FILES,
    "release/manifest.json": json.dumps({**archives.MANIFEST, "manifest": 1, "target": TARGET}),
}


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Member:
    return archives.member(
        f"{TOP}{name}", "x" if kind == tarfile.REGTYPE else "", type=kind, linkname=link
    )


def pax(**headers: str) -> Member:
    """A file whose extended header says something else."""
    row, data = member("/ok")
    row.pax_headers = headers
    return row, data


def written(directory: Path, extra: list[Member]) -> Path:
    """A whole release, and these members behind it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in (*archives.members(FILES), *extra):
            tar.addfile(info, io.BytesIO(data))
    path = directory / "shop-1.0.tar.gz"
    path.write_bytes(gzip.compress(out.getvalue(), 1))
    return path


def install(path: Path, directory: Path) -> None:
    """As `install` does it, but for its own files; raises Refusal."""
    with source.get(str(path), DeployRoot(str(directory / "srv"))) as found:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        tree = unpack.unpack(found.file, found.name, digest, str(directory / "draft"))
    release = judge.check(str(directory / "draft"), tree, "shop")
    unpack.link(str(directory / "draft"), found.name, tree, release)


def test_a_release_without_them_is_installed(tmp_path: Path) -> None:
    path = written(tmp_path, [])
    install(path, tmp_path)
    assert [] == list(verify.problems(reader.read(path)))


EXTRA = {
    "pax path": [pax(path=f"{TOP}/../../evil")],
    "pax absolute path": [pax(path="/etc/evil")],
    "pax size below zero": [pax(size="-1")],
    "pax size without an end": [pax(size="99999999999999999999")],
    "pax size that is none": [pax(size="x")],
    "pax sparse file": [pax(**{"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})],
    "pax map": [pax(**{"GNU.sparse.map": "0,9999999999"})],
    "pax map that is none": [pax(**{"GNU.sparse.map": "x"})],
    "sparse": [member("/sparse", tarfile.GNUTYPE_SPARSE)],
    "fifo": [member("/pipe", tarfile.FIFOTYPE)],
    "device": [member("/dev", tarfile.BLKTYPE)],
    "hard link": [member("/l", tarfile.LNKTYPE, "/etc/passwd")],
    "hard link inside": [member("/l", tarfile.LNKTYPE, f"{TOP}/bin/shop")],
    "unknown type": [member("/odd", b"Z")],
    "deep": [member("/" + "a/" * 3000 + "x")],
    "long": [member("/" + "a" * 3000)],
    "below a file": [member("/f"), member("/f/x")],
    "over a directory": [member("/bin")],
    "link over a directory": [member("/bin", tarfile.SYMTYPE, "app")],
    "link over a file": [member("/bin/shop", tarfile.SYMTYPE, "../app")],
    "directory over a file": [member("/bin/shop", tarfile.DIRTYPE)],
    "through a link": [member("/l", tarfile.SYMTYPE, "bin"), member("/l/x")],
    "the top as a link": [member("", tarfile.SYMTYPE, "/etc")],
    "the top as a file": [member("")],
    "empty part": [member("//etc/x")],
    "dot": [member("/./x")],
    "control characters": [member("/\x1b[2Kall as they were built")],
    "a link to nothing": [member("/l", tarfile.SYMTYPE, "")],
    "a link to itself": [member("/l", tarfile.SYMTYPE, "l")],
    "a link to root": [member("/l", tarfile.SYMTYPE, "/")],
    "a long link": [member("/l", tarfile.SYMTYPE, "a/" * 5000)],
    "no name": [archives.member("", "x")],
    "two dots": [archives.member("..", type=tarfile.DIRTYPE)],
    "another top": [archives.member("other/x", "x")],
    "the manifest again": [member("/release/manifest.json")],
    "an empty directory": [member("/new", tarfile.DIRTYPE)],
}


@pytest.mark.parametrize("name", EXTRA)
def test_it_is_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, EXTRA[name])
    before = set(os.listdir("/etc"))
    with pytest.raises(Refusal) as error:
        install(path, tmp_path)
    assert error.value.message
    assert before == set(os.listdir("/etc"))
    assert {"draft", path.name} == set(os.listdir(tmp_path))
    try:
        assert list(verify.problems(reader.read(path)))
    except UserError as refused:
        assert refused.message


@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "circle", "missing", "zeros"])
def test_an_artifact_that_is_no_file_of_that_kind(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "shop-1.0.tar.gz"
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
        case "circle":
            path.symlink_to(path.name)
        case "missing":
            path.symlink_to("/no/such/file")
        case _:
            path.write_bytes(bytes(1 << 20))
    with pytest.raises(Refusal) as error:
        install(path, tmp_path)
    words = {"missing": "No such file", "zeros": "it is empty"}
    assert words.get(kind, "not a regular file") in error.value.message
    with pytest.raises(UserError):
        reader.read(path)
