"""An archive whose members were made to do harm: nothing outside of its directory is touched."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from relforge.layers.python import archive
from relforge.support.errors import UserError
from tests.faults.profiles import examples

PARTS = st.sampled_from(["python", "python", "lib", "a", "b", "..", ".", "", "é", "a" * 300])
PATHS = st.one_of(
    st.lists(PARTS, min_size=1, max_size=5).map("/".join),
    st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: "python/" + "/".join(parts)),
    st.sampled_from(["/", "//python/a", "/etc/passwd", "outside/file", "../outside/file", ""]),
)
KINDS = [
    *(tarfile.REGTYPE, tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE),
    *(tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, b"Z"),
]
MEMBERS = st.lists(
    st.tuples(st.sampled_from(KINDS), PATHS, PATHS, st.integers(0, 0o7777)), min_size=1, max_size=6
)


def pack(path: Path, members: list[tuple[bytes, str, str, int]]) -> None:
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for kind, name, target, mode in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mode = kind, target, mode
            data = b"written" if kind in (tarfile.REGTYPE, tarfile.CONTTYPE) else b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


@examples(80)
@given(MEMBERS)
@example([(tarfile.SYMTYPE, f"python/{'a' * 300}", f"{'a' * 300}/", 0)])  # it stands for itself
def test_hostile_members_stay_inside_or_are_refused(
    members: list[tuple[bytes, str, str, int]],
) -> None:
    directory = Path(tempfile.mkdtemp())
    try:
        draft, outside = directory / "draft", directory / "outside"
        draft.mkdir()
        outside.mkdir()
        (outside / "file").write_text("kept")
        pack(directory / "a.tar.gz", members)
        try:
            archive.unpack(directory / "a.tar.gz", draft)
        except UserError as error:
            assert "a.tar.gz" in error.message
        except OSError:
            assert any("a" * 300 in f"{name}{target}" for _, name, target, _ in members)
        assert {"a.tar.gz", "draft", "outside"} == set(os.listdir(directory))
        assert ["file"] == os.listdir(outside)
        assert "kept" == (outside / "file").read_text()
        assert set(os.listdir(draft)) <= {"python"}
        for path in draft.rglob("*"):
            if path.is_symlink():
                place = os.path.normpath(path.parent / os.readlink(path))
                assert Path(place).is_relative_to(draft / "python")
            else:
                assert path.is_file() or path.is_dir()
                assert not path.lstat().st_mode & 0o7000
    finally:
        shutil.rmtree(directory)


@examples(40)
@given(st.binary(max_size=200), st.integers(0, 2000), st.booleans())
def test_a_damaged_archive_is_unpacked_or_refused(noise: bytes, at: int, cut: bool) -> None:
    directory = Path(tempfile.mkdtemp())
    try:
        path = directory / "a.tar.gz"
        pack(path, [(tarfile.REGTYPE, f"python/{name}", "", 0o644) for name in "abcdefgh"])
        data = path.read_bytes()
        at %= len(data)
        path.write_bytes(data[:at] + noise + (b"" if cut else data[at + len(noise) :]))
        try:
            archive.unpack(path, directory / "draft")
        except UserError as error:
            assert "a.tar.gz" in error.message
    finally:
        shutil.rmtree(directory)
