"""Run paths of what was built on this host."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relforge import elf
from relforge.elf import drivers, run_paths
from tests.elf.test_reader import EXECUTABLE, loaded

INNER = "python/lib/python3.12/site-packages/it/_c.so"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    copy = tmp_path / "_c.so"
    shutil.copyfile(loaded("libm.so.6"), copy)
    return copy


@pytest.mark.process
@pytest.mark.parametrize(
    ("written", "expected", "searched"),
    [
        ("/home/me/.pyenv/versions/3.12.1/lib", "$ORIGIN:$ORIGIN/../../..", True),
        ("$ORIGIN/libs:/opt/x/lib", "$ORIGIN/libs:$ORIGIN:$ORIGIN/../../..", True),
        ("vendor", "$ORIGIN:$ORIGIN/../../..", False),
        ("$ORIGIN/../libs", "$ORIGIN/../libs", False),
    ],
)
def test_places_of_this_host_are_taken_out_and_returned(
    library: Path, written: str, expected: str, searched: bool
) -> None:
    """P27."""
    run_paths.write(written, library)
    found = run_paths.made_relative(library, INNER, "python/lib")
    assert tuple(row for row in written.split(":") if searched and row[0] == "/") == found
    read = elf.read(library)
    assert read is not None
    assert expected == ":".join(read.runpath or read.rpath)
    for row in found:
        assert row.encode() not in library.read_bytes()


def test_a_library_without_a_run_path_is_left_as_it_is(library: Path) -> None:
    before = library.read_bytes()
    assert () == run_paths.made_relative(library, INNER, "python/lib")
    assert before == library.read_bytes()


@pytest.mark.process
def test_a_program_that_needs_a_library_finds_those_of_the_release(tmp_path: Path) -> None:
    """P27: of a program, nobody's own run path serves it."""
    program = tmp_path / "tool"
    program.write_bytes(EXECUTABLE.read_bytes().replace(b"libc.so.6\0", b"libq.so.6\0"))
    run_paths.made_relative(program, "python/bin/tool", "python/lib")
    read = elf.read(program)
    assert read is not None
    assert ("$ORIGIN", "$ORIGIN/../lib") == (read.runpath or read.rpath)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libcuda.so.1", True),
        ("libnvidia-ml.so.1", True),
        ("libGL.so.1", True),
        ("libmlx5.so.1", True),
        ("librdmacm.so.1", True),
        ("libcudart.so.12", False),
        ("libcublas.so.12", False),
        ("libGLU.so.1", False),
        ("libpq.so.5", False),
    ],
)
def test_the_libraries_of_drivers_are_known(name: str, expected: bool) -> None:
    """P29."""
    assert expected == drivers.are(name)
