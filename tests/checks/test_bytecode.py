"""Bytecode that is not of the source beside it."""

from __future__ import annotations

import py_compile
import sys
from pathlib import Path

import pytest

from relforge.checks import bytecode as rule
from relforge.tree import bytecode
from relforge.tree.compiler import compile_tree
from tests.checks import trees

PYTHON = Path(sys.executable)
TAG = f"cpython-3{sys.version_info.minor}"
UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH
CHECKED = py_compile.PycInvalidationMode.CHECKED_HASH


def compiled(root: Path, text: str, mode: py_compile.PycInvalidationMode = UNCHECKED) -> bytes:
    source = root / "source.py"
    source.write_text(text)
    py_compile.compile(str(source), cfile=str(root / "it.pyc"), invalidation_mode=mode)
    return (root / "it.pyc").read_bytes()


def test_byte_code_of_another_text_is_an_error(tmp_path: Path) -> None:
    """B1."""
    files: dict[str, bytes | str] = {
        "app/a.py": "x = 2\n",
        f"app/__pycache__/a.{TAG}.pyc": compiled(tmp_path, "x = 1\n"),
        "app/b.py": "x = 1\n",
        f"app/__pycache__/b.{TAG}.pyc": compiled(tmp_path, "x = 1\n"),
    }
    (row,) = rule.rule(trees.app(tmp_path, files))
    assert ("error", f"app/__pycache__/a.{TAG}.pyc") == (row.severity, row.path)
    assert "was compiled from other source than app/a.py" in row.message


def test_byte_code_that_the_interpreter_holds_against_its_source(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "app/a.py": "x = 2\n",
        f"app/__pycache__/a.{TAG}.pyc": compiled(tmp_path, "x = 1\n", CHECKED),
    }
    assert [] == list(rule.rule(trees.app(tmp_path, files)))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A package that was compiled, and of which one module was replaced then."""
    directory = tmp_path / "tree"
    (directory / "app/shop").mkdir(parents=True)
    for name in ("__init__", "a", "b"):
        (directory / f"app/shop/{name}.py").write_text(f"x = '{name}'\n")
    compile_tree(PYTHON, directory / "app")
    return directory


def refreshed(tree: Path, text: str, *, strip: bool = False) -> bool:
    (tree / "app/shop/a.py").write_text(text)
    names = [path.relative_to(tree).as_posix() for path in (tree / "app/shop").glob("?.py")]
    return bytecode.refresh(PYTHON, tree, "app", names, TAG, strip=strip)


@pytest.mark.process
def test_a_module_that_was_replaced_is_compiled_again(tree: Path, tmp_path: Path) -> None:
    """B1; the old bytecode may be a hard link into the cache."""
    place = tree / f"app/shop/__pycache__/a.{TAG}.pyc"
    (tmp_path / "cached").hardlink_to(place)
    before = place.read_bytes()
    assert refreshed(tree, "x = 'new'\n")
    assert before == (tmp_path / "cached").read_bytes()
    data = place.read_bytes()
    assert bytecode.source_hash(data[:4], b"x = 'new'\n") == data[8:16]
    assert b"shop/a.py" in data, "named as its layer names it"
    assert not refreshed(tree, "x = 'new'\n")


@pytest.mark.process
def test_what_does_not_compile_has_no_byte_code(tree: Path) -> None:
    """B1: the interpreter reads the source then, and says what is wrong."""
    assert refreshed(tree, "{{ no python }}\n")
    assert not (tree / f"app/shop/__pycache__/a.{TAG}.pyc").exists()


@pytest.mark.process
def test_without_an_interpreter_old_byte_code_goes(tree: Path) -> None:
    (tree / "app/shop/a.py").write_text("x = 'new'\n")
    assert bytecode.refresh(None, tree, "app", ["app/shop/a.py"], TAG, strip=False)
    assert not (tree / f"app/shop/__pycache__/a.{TAG}.pyc").exists()


@pytest.mark.process
def test_in_a_release_without_sources_byte_code_takes_the_place(tree: Path) -> None:
    """B1: neither does the old code run, nor is a source shipped against the setting."""
    bytecode.drop_sources(tree / "app")
    assert refreshed(tree, "x = 'new'\n", strip=True)
    there = {path.name for path in (tree / "app/shop").iterdir()}
    assert {"__init__.pyc", "a.pyc", "b.pyc"} == there
    data = (tree / "app/shop/a.pyc").read_bytes()
    assert bytecode.source_hash(data[:4], b"x = 'new'\n") == data[8:16]
