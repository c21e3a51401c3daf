"""Interpreters that uv manages: the same ones that uv itself finds, and that the listing shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers import python
from relforge.layers.python import candidates, host
from relforge.layers.python.export import export
from relforge.model.spec import PythonSettings
from relforge.pipeline.lockable import lockable
from relforge.support.errors import UserError
from tests.layers.python.conftest import Moved

UV = Path(sys.executable).with_name("uv")


@pytest.fixture
def install_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where uv keeps its interpreters: nothing, and no other place has any."""
    directory = tmp_path / "uv"
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(directory))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return directory


def install(moved: Moved, directory: Path) -> Path:
    """Lay an interpreter out as `uv python install` does; returns its program."""
    version, machine = moved.interpreter.version, os.uname().machine
    place = directory / f"cpython-{version}-linux-{machine}-gnu"
    cache.place(moved.tree, place)
    return place / "bin" / f"python{moved.interpreter.short}"


def uv(*words: str) -> str:
    done = subprocess.run([UV, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.release
def test_what_uv_has_installed_is_found_where_uv_finds_it(
    any_moved: Moved, install_dir: Path
) -> None:
    program = install(any_moved, install_dir)
    found = python.find(PythonSettings(version=any_moved.interpreter.short, source="uv"), Path("/"))
    assert (program, "uv", any_moved.interpreter.version) == (
        found.origin,
        found.source,
        found.version,
    )
    assert str(install_dir) == uv("python", "dir") == host.of_uv().name
    reported = uv("python", "find", "--managed-python", any_moved.interpreter.short)
    assert found.origin == Path(reported).resolve()


@pytest.mark.release
def test_a_file_that_changes_changes_the_key(any_moved: Moved, install_dir: Path) -> None:
    program = install(any_moved, install_dir)
    settings = PythonSettings(version=any_moved.interpreter.short, source="uv")
    first = python.find(settings, Path("/"))
    assert first == python.find(settings, Path("/"))
    module = program.parents[1] / "lib" / f"python{any_moved.interpreter.short}" / "this.py"
    text = module.read_text()
    module.unlink()  # it is the cache's, too
    module.write_text(f"{text}\n")
    changed = python.find(settings, Path("/"))
    assert changed.key != first.key
    assert replace(changed, key=first.key) == first
    certificates = program.parents[1] / "lib" / f"python{any_moved.interpreter.short}" / "new.py"
    certificates.write_text("")
    assert changed.key != python.find(settings, Path("/")).key


def test_without_uv_the_error_says_how_to_get_it(
    install_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError) as caught:
        python.find(PythonSettings(version="3.12", source="uv"), Path("/"))
    assert f'uv has no CPython "3.12" in {install_dir}' in caught.value.message
    assert "pip install uv" in caught.value.hint


@pytest.mark.process
def test_what_uv_cannot_fetch_is_reported_with_what_uv_said(
    install_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(UserError) as caught:
        python.find(PythonSettings(version="3.12", source="uv"), Path("/"))
    assert "fetching CPython 3.12" in caught.value.message
    assert "uv python install 3.12" in caught.value.hint


@pytest.mark.release
def test_the_listing_names_origin_size_and_who_takes_it(
    any_moved: Moved, install_dir: Path
) -> None:
    program = install(any_moved, install_dir)
    (row,) = (row for row in candidates.interpreters() if row.path == str(program))
    assert (any_moved.interpreter.version, "uv", "") == (row.version, row.origin, row.refusal)
    assert "uv" in row.taken
    sizes = [entry.size for entry in any_moved.tree.entries if not entry.path.endswith(".pyc")]
    assert 0.9 < row.size / sum(sizes) < 1.1


@pytest.mark.release
def test_an_exported_interpreter_can_be_taken_with_the_settings_that_are_printed(
    any_moved: Moved, tmp_path: Path
) -> None:
    version = any_moved.interpreter.version
    printed = relforge(tmp_path, "export", "--version", version, "-o", "cpython.tar.gz")
    settings = printed[printed.index("[tool.relforge.python]") :]
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "a"\nversion = "1"\n{settings}')

    found = lockable(tmp_path, "prod").python

    assert (version, "archive") == (found.version, found.source)
    stripped = replace(any_moved.settings, version=version, strip=True)  # as in a release
    again = export(python.find(stripped, Path("/")), stripped, tmp_path / "again.tar.gz")
    assert cache.sha256(tmp_path / "cpython.tar.gz") == again.sha256
    assert f"with glibc {again.glibc} or newer" in printed


@pytest.mark.process
def test_the_command_line_lists_what_is_there() -> None:
    rows = json.loads(relforge(Path("/"), "list", "--json"))
    (own,) = (row for row in rows if row["path"] == str(Path(sys.executable).resolve()))
    assert (sys.version.split()[0], "") == (own["version"], own["refusal"])
    lines = relforge(Path("/"), "list").splitlines()
    assert len(rows) + 1 == len(lines)


def relforge(directory: Path, *words: str) -> str:
    command = [sys.executable, "-m", "relforge", "python", *words]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout
