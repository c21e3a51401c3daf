import os
import struct
import sys
from dataclasses import replace
from pathlib import Path

from relforge import elf

EXECUTABLE = Path(sys.executable).resolve()


def read(path: Path) -> elf.Elf:
    found = elf.read(path)
    assert found is not None
    return found


def loaded(name: str) -> Path:
    """A library that this process has loaded."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return next(Path(line.split()[-1]) for line in lines if f"/{name}" in line)


def test_a_program_shows_its_cpu_its_loader_and_its_libraries() -> None:
    found = read(EXECUTABLE)
    assert os.uname().machine == found.machine
    assert struct.calcsize("P") * 8 == found.bits
    assert "libc.so.6" in found.needed
    assert Path(found.interpreter).name in elf.GLIBC
    assert "" == found.soname


def test_a_library_shows_its_name_and_no_loader() -> None:
    path = loaded("libm.so.6")
    found = read(path)
    assert ("libm.so.6", "") == (found.soname, found.interpreter)


def test_the_glibc_of_a_file_is_the_newest_version_that_it_asks_for() -> None:
    data = EXECUTABLE.read_bytes()
    found = read(EXECUTABLE).glibc
    assert f"GLIBC_{found}\0".encode() in data
    assert elf.number(found) >= (2,)


def test_versions_that_glibcs_own_libraries_want_of_each_other_do_not_count() -> None:
    path = loaded("libm.so.6")
    assert b"GLIBC_PRIVATE\0" in path.read_bytes()
    assert "PRIVATE" not in read(path).glibc


def test_the_floor_of_many_files_compares_numbers_not_texts() -> None:
    one = read(EXECUTABLE)
    files = [replace(one, glibc=text) for text in ("2.9", "2.34", "", "2.4")]
    assert "2.34" == elf.floor(files)
    assert "" == elf.floor([])


def test_what_is_no_elf_file_is_none(tmp_path: Path) -> None:
    for index, data in enumerate(
        (b"", b"\x7fE", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF\2\1\1garbage")
    ):
        path = tmp_path / str(index)
        path.write_bytes(data)
        assert elf.read(path) is None


def test_a_truncated_library_is_none(tmp_path: Path) -> None:
    path = tmp_path / "half.so"
    path.write_bytes(EXECUTABLE.read_bytes()[:3000])
    assert elf.read(path) is None
