"""Byte code: whole or an error; the same wherever it is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from relforge.support.errors import UserError
from relforge.tree import bytecode

pytestmark = pytest.mark.process

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
    bytecode.compile_tree(PYTHON, one)
    bytecode.compile_tree(PYTHON, two)
    assert compiled(one) == compiled(two)
    (name,) = compiled(one)
    assert name.startswith("pkg/__pycache__/__init__.cpython-3")
    assert str(tmp_path).encode() not in compiled(one)[name]


def test_byte_code_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    folder = fill(tmp_path / "one")
    (folder / "pkg" / "__pycache__").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"pkg/__init__\.py: File exists"):
        bytecode.compile_tree(PYTHON, folder)


def test_byte_code_that_an_installation_has_gives_the_same(tmp_path: Path) -> None:
    """Whether it is there or not, and whatever else the interpreter did before."""
    source = "import re\n" + "".join(
        f"def f{number}(a, *, b='*', c='two words', d=(1, 'x')):\n    return a in {{'+', '*'}}\n"
        for number in range(40)
    )
    installed, fresh, reused = (tmp_path / name for name in ("installed", "fresh", "reused"))
    for folder in (installed, fresh, reused):
        folder.mkdir()
        (folder / "one.py").write_text(source)
    subprocess.run([PYTHON, "-m", "compileall", "-q", installed], check=True)
    (there,) = installed.rglob("*.pyc")
    assert str(installed).encode() in there.read_bytes()

    bytecode.compile_tree(PYTHON, fresh)
    bytecode.compile_tree(PYTHON, reused, installed)

    assert compiled(fresh) == compiled(reused)
    assert str(installed).encode() not in b"".join(compiled(reused).values())


def test_byte_code_of_another_source_is_not_taken(tmp_path: Path) -> None:
    installed, folder = tmp_path / "installed", tmp_path / "folder"
    for place, text in ((installed, "WHICH = 'theirs'\n"), (folder, "WHICH = 'oursss'\n")):
        place.mkdir()
        (place / "one.py").write_text(text)
    subprocess.run([PYTHON, "-m", "compileall", "-q", installed], check=True)
    bytecode.compile_tree(PYTHON, folder, installed)
    (data,) = compiled(folder).values()
    assert b"oursss" in data
