"""Taking out what only a debugger reads: on real files, which still run."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from relforge import elf
from relforge.elf import run_paths, symbols
from tests.elf import fat

# Where this CPython has no symbols, a compiler makes a module that has.
pytestmark = pytest.mark.process

PROGRAM = "import importlib.util as u, sys; s = u.spec_from_file_location(*sys.argv[1:]); "
PROGRAM += "u.module_from_spec(s); print('imported')"


@pytest.fixture(name="fat")
def fat_module(tmp_path: Path) -> Path:
    """An extension module with symbols."""
    return fat.module(tmp_path)


def sections(data: bytes) -> list[str]:
    return [row.name for row in ELFFile(io.BytesIO(data)).iter_sections()]


def segments(data: bytes) -> list[tuple[str, bytes]]:
    """What is loaded: each segment with its bytes; the header's table of sections apart."""
    rows = []
    for row in ELFFile(io.BytesIO(data)).iter_segments():
        start = max(row["p_offset"], 64)
        rows.append((str(row.header), data[start : row["p_offset"] + row["p_filesz"]]))
    return rows


def test_what_is_loaded_stays_byte_for_byte(fat: Path) -> None:
    data = fat.read_bytes()
    lean = symbols.stripped(data)
    assert len(lean) < len(data)
    assert segments(data) == segments(lean)
    gone = {*sections(data)} - {*sections(lean)}
    assert {".symtab", ".strtab"} <= gone
    assert not [name for name in sections(lean) if name.startswith(".debug")]
    assert {".dynsym", ".dynstr", ".dynamic", ".shstrtab"} <= {*sections(lean)}


def test_it_is_the_same_library_to_the_loader(fat: Path, tmp_path: Path) -> None:
    copy = tmp_path / fat.name
    copy.write_bytes(symbols.stripped(fat.read_bytes()))
    assert elf.read(fat) == elf.read(copy)
    name = fat.name.partition(".")[0]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, copy], capture_output=True, text=True, check=False
    )
    assert ("imported\n", "") == (done.stdout, done.stderr)
    run_paths.write("$ORIGIN/../lib", copy)
    assert ("$ORIGIN/../lib",) == getattr(elf.read(copy), "rpath", None)


def test_a_second_time_changes_nothing(fat: Path) -> None:
    lean = symbols.stripped(fat.read_bytes())
    assert symbols.stripped(lean) is lean


def test_a_file_with_something_behind_its_end_is_left_alone(fat: Path) -> None:
    data = fat.read_bytes() + b"an archive that the program reads from itself"
    assert symbols.stripped(data) is data


def test_a_file_whose_order_is_unusual_is_left_alone(fat: Path, tmp_path: Path) -> None:
    copy = tmp_path / fat.name
    copy.write_bytes(fat.read_bytes())
    run_paths.write(
        "$ORIGIN/" + "a" * 3000, copy
    )  # makes patchelf add a segment behind the symbols
    data = copy.read_bytes()
    lean = symbols.stripped(data)
    assert lean is data or segments(lean) == segments(data)


def test_what_is_no_elf_file_or_a_broken_one_is_left_alone(fat: Path) -> None:
    data = fat.read_bytes()
    for broken in (b"", b"#!/bin/sh\n", data[:40], data[:3000], data[: len(data) // 2]):
        assert symbols.stripped(broken) is broken
    for place in (0x20, 0x28, 0x3A, 0x3C, 0x3E):
        broken = data[:place] + b"\xff\xff" + data[place + 2 :]
        assert symbols.stripped(broken) is broken
