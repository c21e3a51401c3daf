"""What ELF files of a release ask of the host."""

from __future__ import annotations

from pathlib import Path

from relforge.layers import libraries
from tests.checks import trees
from tests.elf.test_reader import EXECUTABLE

LIBRARY = f"{trees.SITE}/a.so"


def test_the_floor_counts_what_no_layer_brought(tmp_path: Path) -> None:
    release = trees.release(tmp_path, {"deps": {f"{trees.SITE}/a.py": "a = 1\n"}})
    assert "2.17" == libraries.glibc_floor(release, ())
    brought = release.tree / "app" / "tool"
    brought.parent.mkdir()
    brought.write_bytes(EXECUTABLE.read_bytes())
    own = trees.release(tmp_path / "own", {"deps": {LIBRARY: EXECUTABLE.read_bytes()}})
    expected = libraries.glibc_floor(own, ())
    assert expected != "2.17"
    assert expected == libraries.glibc_floor(release, ("app/tool",))


def test_the_floor_does_not_count_what_was_replaced(tmp_path: Path) -> None:
    release = trees.release(tmp_path, {"deps": {LIBRARY: EXECUTABLE.read_bytes()}})
    assert "2.17" != libraries.glibc_floor(release, ())
    (release.tree / LIBRARY).write_bytes(b"no library any more")
    assert "2.17" == libraries.glibc_floor(release, (LIBRARY,))
