"""Compiling trees: whole or an error; the same wherever it is done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from relforge.support.errors import UserError
from relforge.tree.compiler import Compiler, compile_tree

pytestmark = pytest.mark.process

PYTHON = Path(sys.executable)


def compiled(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*.pyc")
    }


def fill(directory: Path) -> Path:
    (directory / "pkg").mkdir(parents=True)
    (directory / "pkg" / "__init__.py").write_text("def f():\n    return 'a name'\n")
    (directory / "pkg" / "template.py").write_text("class {{ name }}:\n")
    (directory / "pkg" / "gone.py").symlink_to("nowhere.py")
    return directory


def test_equal_trees_give_equal_byte_code(tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one"), fill(tmp_path / "another" / "two")
    compile_tree(PYTHON, one)
    compile_tree(PYTHON, two)
    assert compiled(one) == compiled(two)
    (name,) = compiled(one)
    assert name.startswith("pkg/__pycache__/__init__.cpython-3")
    assert str(tmp_path).encode() not in compiled(one)[name]


def test_byte_code_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    directory = fill(tmp_path / "one")
    (directory / "pkg" / "__pycache__").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"pkg/__init__\.py: File exists"):
        compile_tree(PYTHON, directory)


def test_one_interpreter_compiles_many_trees_and_each_as_if_it_were_the_first(
    tmp_path: Path,
) -> None:
    alone, first, second = (fill(tmp_path / name) for name in ("alone", "first", "second"))
    compile_tree(PYTHON, alone)
    with Compiler(PYTHON) as compiler:
        compiler.compile(first)
        (first / "pkg" / "odd.py").write_text("odd = 'a name'\n")
        (first / "pkg" / "name\nof two lines.py").write_text("x = 1\n")
        compiler.compile(first, only=["pkg/odd.py", "pkg/name\nof two lines.py"])
        compiler.compile(second)
    assert compiled(alone) == compiled(second)
    assert 3 == len(compiled(first))


def test_an_error_of_one_tree_leaves_the_interpreter_for_the_next(tmp_path: Path) -> None:
    bad, good = fill(tmp_path / "bad"), fill(tmp_path / "good")
    (bad / "pkg" / "__pycache__").symlink_to("/dev/full")
    with Compiler(PYTHON) as compiler:
        with pytest.raises(UserError, match=r"compiling the modules in .*bad: "):
            compiler.compile(bad)
        compiler.compile(good)
    assert 1 == len(compiled(good))


def test_an_interpreter_that_ends_or_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    directory = fill(tmp_path / "one")
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no libpython >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(UserError, match=r"ended with status 127\n    no libpython"):
        compile_tree(broken, directory)
    with pytest.raises(UserError, match=r"compiling the modules: cannot run .*No such file"):
        compile_tree(tmp_path / "none", directory)


def test_byte_code_that_an_installation_has_gives_the_same(tmp_path: Path) -> None:
    """Whether it is there or not, and whatever else the interpreter did before."""
    source = "import re\n" + "".join(
        f"def f{number}(a, *, b='*', c='two words', d=(1, 'x')):\n    return a in {{'+', '*'}}\n"
        for number in range(40)
    )
    installed, fresh, reused = (tmp_path / name for name in ("installed", "fresh", "reused"))
    for directory in (installed, fresh, reused):
        directory.mkdir()
        (directory / "one.py").write_text(source)
    subprocess.run([PYTHON, "-m", "compileall", "-q", installed], check=True)
    (there,) = installed.rglob("*.pyc")
    assert str(installed).encode() in there.read_bytes()

    compile_tree(PYTHON, fresh)
    compile_tree(PYTHON, reused, installed)

    assert compiled(fresh) == compiled(reused)
    assert str(installed).encode() not in b"".join(compiled(reused).values())


def test_byte_code_of_another_source_is_not_taken(tmp_path: Path) -> None:
    installed, directory = tmp_path / "installed", tmp_path / "directory"
    for place, text in ((installed, "WHICH = 'theirs'\n"), (directory, "WHICH = 'oursss'\n")):
        place.mkdir()
        (place / "one.py").write_text(text)
    subprocess.run([PYTHON, "-m", "compileall", "-q", installed], check=True)
    compile_tree(PYTHON, directory, installed)
    (data,) = compiled(directory).values()
    assert b"oursss" in data
