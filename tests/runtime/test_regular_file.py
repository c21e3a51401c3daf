"""S2, S4: whatever somebody puts in the place of a file of ours is refused at once, and kept."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge.runtime.errors import CONFIG, Refusal
from relforge.runtime.regular_file import (
    NotRegular,
    make_own_directory,
    odd,
    open_own,
    open_regular,
)

WRITING = os.O_WRONLY | os.O_APPEND | os.O_CREAT


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))


ODD: dict[str, Callable[[Path], object]] = {
    "fifo": os.mkfifo,
    "directory": Path.mkdir,
    "socket": listen,
    "device": lambda path: path.symlink_to("/dev/null"),
    "link": lambda path: path.symlink_to("precious"),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "circle": lambda path: path.symlink_to(path.name),
}


@pytest.fixture(params=sorted(ODD))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "precious").write_text("precious")
    made = tmp_path / "file"
    ODD[request.param](made)
    return made


@pytest.mark.parametrize("flags", [os.O_RDONLY, WRITING, os.O_RDWR | os.O_CREAT], ids=oct)
def test_it_is_no_file_of_ours(path: Path, flags: int) -> None:
    with pytest.raises(NotRegular, match="not a regular file"):
        open_own(str(path), flags)
    assert "precious" == (path.parent / "precious").read_text()
    assert not (path.parent / "nowhere").exists()


def test_it_is_no_directory_of_ours(path: Path) -> None:
    if path.is_dir():
        make_own_directory(str(path))
        return
    with pytest.raises(Refusal, match="not a directory, so not written by a release") as error:
        make_own_directory(str(path))
    assert CONFIG == error.value.code


def test_a_link_to_a_directory_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(Refusal, match="not a directory"):
        make_own_directory(str(tmp_path / "link"))


def test_a_file_that_is_not_there_is_made_for_us_alone(tmp_path: Path) -> None:
    made = tmp_path / "file"
    os.close(open_own(str(made), WRITING))
    assert 0o600 == made.stat().st_mode & 0o777
    os.close(open_own(str(made)))
    with pytest.raises(FileNotFoundError):
        open_own(str(tmp_path / "missing"))


def test_a_link_may_lead_to_a_file_that_others_write(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("x")
    (tmp_path / "link").symlink_to("list")
    os.close(open_regular(str(tmp_path / "link")))
    assert "rm " in odd(str(tmp_path / "link")).hint
