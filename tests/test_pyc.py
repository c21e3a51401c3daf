"""Byte code: whole or an error; the same wherever it is made."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from relforge import pyc
from relforge.errors import UserError

PYTHON = Path(sys.executable)


def compiled(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.pyc")}


def fill(folder: Path) -> Path:
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "__init__.py").write_text("def f():\n    return 'a name'\n")
    (folder / "pkg" / "template.py").write_text("class {{ name }}:\n")
    (folder / "pkg" / "gone.py").symlink_to("nowhere.py")
    return folder


def test_equal_trees_give_equal_byte_code(tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one"), fill(tmp_path / "another" / "two")
    pyc.compile_tree(PYTHON, one)
    pyc.compile_tree(PYTHON, two)
    assert compiled(one) == compiled(two)
    (name,) = compiled(one)
    assert name.startswith("pkg/__pycache__/__init__.cpython-3")
    assert str(tmp_path).encode() not in compiled(one)[name]


def test_byte_code_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    folder = fill(tmp_path / "one")
    (folder / "pkg" / "__pycache__").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"pkg/__init__\.py: Not a directory"):
        pyc.compile_tree(PYTHON, folder)
