"""Archives laid out by relforge itself: what comes out, and what never gets out."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relforge.tree import extraction
from tests.faults.profiles import examples

FILE, DIRECTORY = tarfile.REGTYPE, tarfile.DIRTYPE
SYMLINK, HARD_LINK = tarfile.SYMTYPE, tarfile.LNKTYPE
PARTS = st.sampled_from(["a", "a", "b", "c", "..", ".", "", "é", "x" * 300])
PATHS = st.one_of(
    st.lists(PARTS, min_size=1, max_size=5).map("/".join),
    st.sampled_from(["/", "//a", "/etc/passwd", "../outside/file", ""]),
)
KINDS = [
    *(FILE, FILE, DIRECTORY, SYMLINK, SYMLINK, HARD_LINK),
    *(tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"Z"),
]
MEMBERS = st.lists(st.tuples(st.sampled_from(KINDS), PATHS, PATHS), min_size=1, max_size=7)


def row(
    name: str, kind: bytes = FILE, target: str = "", *, mode: int = 0o644, mtime: float = 1e9
) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode, member.mtime = kind, target, mode, mtime
    return member


def packed(*members: tarfile.TarInfo) -> io.BytesIO:
    """An archive in which each file holds its own name."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            data = member.name.encode() if member.isreg() else b""
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    stream.seek(0)
    return stream


def extract(directory: Path, *members: tarfile.TarInfo, outward: bool = False) -> None:
    with tarfile.open(fileobj=packed(*members), mode="r|") as tar:
        extraction.extract(tar, directory, outward=outward)


def test_files_directories_and_links_are_laid_out(tmp_path: Path) -> None:
    extract(
        tmp_path / "new",
        row("top", DIRECTORY, mtime=5e8),
        row("top/program", mode=0o755),
        row("top/in/a.txt", mode=0o640),
        row("top/link", SYMLINK, "in/a.txt"),
        row("top/hard", HARD_LINK, "top/program"),
        row("/rooted/../plain"),
    )
    top = tmp_path / "new" / "top"
    assert b"top/program" == (top / "hard").read_bytes()
    assert "in/a.txt" == os.readlink(top / "link")
    assert b"/rooted/../plain" == (tmp_path / "new" / "plain").read_bytes()
    assert [0o755, 0o640] == [
        (top / name).stat().st_mode & 0o7777 for name in ("program", "in/a.txt")
    ]
    assert [5e8, 1e9] == [path.stat().st_mtime for path in (top, top / "program")]


@pytest.mark.parametrize(("mode", "expected"), [(0o6777, 0o755), (0o1666, 0o644), (0, 0o600)])
def test_modes_let_nobody_else_write_and_owners_are_not_taken_over(
    tmp_path: Path, mode: int, expected: int
) -> None:
    member = row("file", mode=mode)
    member.uid = member.gid = 12345
    extract(tmp_path, member)
    found = (tmp_path / "file").stat()
    assert (expected, os.getuid()) == (found.st_mode & 0o7777, found.st_uid)


@pytest.mark.parametrize("mtime", [-5e9, 1e18])
def test_a_time_stamp_that_no_file_can_have_is_no_fault(tmp_path: Path, mtime: float) -> None:
    extract(tmp_path, row("file", mtime=mtime))
    assert 0 == (tmp_path / "file").stat().st_mtime


def test_what_comes_last_counts(tmp_path: Path) -> None:
    extract(
        tmp_path,
        row("file", SYMLINK, "other"),
        row("file"),
        row("link"),
        row("link", SYMLINK, "file"),
        row("a"),
        row("b", HARD_LINK, "a"),
        row("b"),
    )
    assert b"file" == (tmp_path / "file").read_bytes()
    assert "file" == os.readlink(tmp_path / "link")
    assert [b"a", b"b"] == [(tmp_path / name).read_bytes() for name in "ab"]


def test_a_hard_link_to_a_link_stands_for_the_same(tmp_path: Path) -> None:
    extract(tmp_path, row("in/link", SYMLINK, "file"), row("in/hard", HARD_LINK, "in/link"))
    assert "file" == os.readlink(tmp_path / "in" / "hard")
    with pytest.raises(extraction.Hostile, match="points outside"):
        extract(
            tmp_path / "other",
            row("in/deep/link", SYMLINK, "../../file"),
            row("hard", HARD_LINK, "in/deep/link"),
        )


def test_members_may_be_chosen(tmp_path: Path) -> None:
    with tarfile.open(fileobj=packed(row("a"), row("b"), row("../c")), mode="r|") as tar:
        extraction.extract(tar, tmp_path, (member for member in tar if member.name == "b"))
    assert ["b"] == os.listdir(tmp_path)


def test_a_release_may_lead_to_the_hosts_own_interpreter(tmp_path: Path) -> None:
    link = row("python/bin/python3.11", SYMLINK, "/usr/bin/python3.11")
    extract(tmp_path / "a", link, outward=True)
    assert "/usr/bin/python3.11" == os.readlink(tmp_path / "a/python/bin/python3.11")
    with pytest.raises(extraction.Hostile, match="points outside"):
        extract(tmp_path / "b", link)


@pytest.mark.parametrize("outward", [False, True])
@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([row("../outside")], "outside of the directory"),
        ([row("a/../../outside")], "outside of the directory"),
        ([row("/../outside")], "outside of the directory"),
        ([row("..", DIRECTORY)], "outside of the directory"),
        ([row("hard", HARD_LINK, "../outside")], "points outside"),
        ([row("hard", HARD_LINK, "/etc/passwd")], "points outside"),
        ([row("hard", HARD_LINK, "gone")], "does not contain"),
        ([row("a", DIRECTORY), row("hard", HARD_LINK, "a")], "does not contain"),
        ([row("b", DIRECTORY), row("a", SYMLINK, "b"), row("a/file")], "cannot be written"),
        ([row("a", SYMLINK, "b"), row("a/c", SYMLINK, "d")], "behind a link"),
        ([row("a"), row("a/b")], "cannot be written"),
        ([row("a", DIRECTORY), row("a")], "cannot be written"),
        ([row("x" * 300)], "cannot be written"),
        ([row("x" * 300, SYMLINK, "a")], "cannot be written"),
        ([row("link", SYMLINK, "")], "a link to nothing"),
        ([row(".")], "not a directory"),
        ([row("device", tarfile.CHRTYPE)], "a device or a pipe"),
        ([row("device", tarfile.BLKTYPE)], "a device or a pipe"),
        ([row("pipe", tarfile.FIFOTYPE)], "a device or a pipe"),
        ([row("odd", b"Z")], "a device or a pipe"),
    ],
)
def test_a_member_that_would_get_out_is_refused(
    tmp_path: Path, members: list[tarfile.TarInfo], message: str, outward: bool
) -> None:
    directory = tmp_path / "deep" / "here"
    with pytest.raises(extraction.Hostile, match=message):
        extract(directory, *members, outward=outward)
    assert ["deep"] == os.listdir(tmp_path)
    assert ["here"] == os.listdir(tmp_path / "deep")


@pytest.mark.parametrize(
    "links",
    [
        {"link": "/etc"},
        {"link": ".."},
        {"a/link": "../../outside"},
        {"link": "a/b", "a/b": "../.."},
        {"link": "a/b/..", "a/b": ".."},  # by its text alone it stays inside
        {"deep/er/x": "../..", "link": "deep/er/x/.."},
        {"link": "one", "one": "/etc"},
    ],
)
def test_a_link_that_leads_out_through_others_is_refused(
    tmp_path: Path, links: dict[str, str]
) -> None:
    rows = [row(name, SYMLINK, target) for name, target in links.items()]
    for members in (rows, rows[::-1]):
        with pytest.raises(extraction.Hostile, match="points outside"):
            extract(tmp_path / "new", *members)
        assert not [path for path in (tmp_path / "new").rglob("*") if path.is_symlink()]


@pytest.mark.parametrize(
    "links",
    [
        {"a/link": "../b"},
        {"link": "a/../b"},
        {"a/b/up": "../..", "link": "a/b/up/c"},
        {"link": "one/../..", "one": "two", "two": "a/b/c"},  # by its text alone it points outside
        {"loop": "loop"},
        {"one": "two", "two": "one"},
    ],
)
def test_a_link_that_stays_inside_is_made(tmp_path: Path, links: dict[str, str]) -> None:
    extract(tmp_path, *(row(name, SYMLINK, target) for name, target in links.items()))
    assert links == {name: os.readlink(tmp_path / name) for name in links}


def test_an_archive_that_is_cut_short_is_damaged(tmp_path: Path) -> None:
    data = packed(row("a"), row("b")).getvalue()
    with (
        pytest.raises(tarfile.TarError),
        tarfile.open(fileobj=io.BytesIO(data[:1537]), mode="r|") as tar,
    ):
        extraction.extract(tar, tmp_path)


@examples(150)
@given(MEMBERS, st.booleans())
def test_whatever_an_archive_holds_nothing_outside_is_touched(
    members: list[tuple[bytes, str, str]], outward: bool
) -> None:
    top = Path(tempfile.mkdtemp())
    try:
        directory, outside = top / "here", top / "outside"
        outside.mkdir()
        (outside / "file").write_text("kept")
        rows = [row(name, kind, target) for kind, name, target in members]
        with suppress(extraction.Hostile):
            extract(directory, *rows, outward=outward)
        assert {"here", "outside"} == set(os.listdir(top))
        assert ["file"] == os.listdir(outside)
        assert "kept" == (outside / "file").read_text()
        for path in directory.rglob("*"):
            if path.is_symlink() and not outward:
                assert Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory))
    finally:
        shutil.rmtree(top)
