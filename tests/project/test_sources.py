"""The project's files while somebody writes to them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from relforge.project import sources
from relforge.support.errors import UserError


@pytest.mark.parametrize("content", ["other", None])
def test_a_file_that_changes_between_listing_and_copying_is_reported(
    tmp_path: Path, content: str | None
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    file = root / "a.py"
    file.write_text("one")
    expected = sources.digest(root, ["a.py"])
    sources.snapshot(root, ["a.py"], tmp_path / "same", expected)
    file.unlink()
    if content:
        file.write_text(content)
    with pytest.raises(UserError, match="files of the project changed while it was built"):
        sources.snapshot(root, ["a.py"], tmp_path / "other", expected)


def test_a_file_that_goes_away_while_it_is_read_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="changed while it was built"):
        sources.digest(tmp_path, ["gone.py"])


@pytest.mark.process
def test_artifacts_that_git_does_not_ignore_are_no_sources(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "dist").mkdir()
    artifact = "dist/shop-1.0-linux-x86_64-glibc2.34.tar.gz"
    for name in ("a.py", "dist/app.js", artifact, f"{artifact}.sha256.sig"):
        (tmp_path / name).write_text("")
    assert ("a.py", "dist/app.js") == sources.files(tmp_path)


NAMED = """
[build-system]
requires = ["setuptools"]
build-backend = "backend"
backend-path = ["_build"]
[tool.hatch.build]
directory = "dist/wheels"
artifacts = ["front/dist/**/*.js"]
[tool.hatch.build.hooks.custom]
path = "build/hook.py"
[tool.ruff]
exclude = ["build/lib"]
"""
TREE = {
    "pyproject.toml": NAMED,
    "_build/backend.py": "",
    "build/hook.py": "",
    "build/lib/shop/__init__.py": "",
    "dist/wheels/shop.txt": "",
    "front/dist/app.js": "",
    "front/build/app.js": "",
    "src/shop/__init__.py": "",
    "src/shop/build/steps.py": "",
    "src/shop/static/dist/app.js": "",
    "src/build/__init__.py": "",
    "src/shop/node_modules/left.js": "",
}
COUNTED = (
    "_build/backend.py",
    "build/hook.py",
    "front/dist/app.js",
    "pyproject.toml",
    "src/build/__init__.py",
    "src/shop/__init__.py",
    "src/shop/build/steps.py",
    "src/shop/static/dist/app.js",
)


def _tree(root: Path) -> None:
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.process
def test_what_the_backend_is_said_to_read_and_what_is_in_a_package_are_sources(
    tmp_path: Path,
) -> None:
    _tree(tmp_path)
    assert COUNTED == sources.files(tmp_path)


@pytest.mark.process
def test_they_are_sources_although_git_ignores_them(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    _tree(tmp_path)
    (tmp_path / ".gitignore").write_text("_build/\nbuild/\ndist/\nnode_modules/\n")
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    expected = {*COUNTED, ".gitignore"} - {"src/build/__init__.py"}  # ignored, as git has it
    assert expected == {*sources.files(tmp_path)}


@pytest.mark.process
@pytest.mark.parametrize("path", ["../other/dist", "build/gone.py", "**/dist", 7])
def test_a_path_that_leads_to_no_file_of_the_project_adds_nothing(
    tmp_path: Path, path: object
) -> None:
    root = tmp_path / "project"
    (tmp_path / "other/dist").mkdir(parents=True)
    root.mkdir()
    (root / "pyproject.toml").write_text(f"[tool.maturin]\ninclude = [{path!r}]\n")
    assert ("pyproject.toml",) == sources.files(root)
