"""The version that only the build backend knows."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from relforge.layers.deps import reported_version
from relforge.project import pyproject
from relforge.support.errors import UserError
from tests import builder

pytestmark = pytest.mark.process
PYPROJECT = """
[build-system]
requires = []
build-backend = "own"
backend-path = ["."]
[project]
name = "shop"
dynamic = ["version"]
"""
BACKEND = """
import os, subprocess, sys
{head}
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    open("_version.py", "w").write("left")  # as some do, beside the sources
    os.makedirs("shop.egg-info", exist_ok=True)
    words = ["git", "describe", "--tags"]
    version = os.environ.get("SETUPTOOLS_SCM_PRETEND_VERSION")
    version = version or subprocess.check_output(words, text=True).strip().removeprefix("v")
    name = "shop.dist-info"
    os.mkdir(os.path.join(directory, name))
    with open(os.path.join(directory, name, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: shop\\nVersion: " + version + "\\n")
    return name
def build_wheel(*_):
    sys.exit("the wheel is not wanted")
"""


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path / "shop"
    directory.mkdir()
    (directory / "pyproject.toml").write_text(PYPROJECT)
    (directory / "own.py").write_text(BACKEND.format(head=""))
    return directory


def ask(root: Path, **settings: Any) -> str:
    return reported_version.ask(pyproject.load(root), builder.settings(**settings), 1_700_000_000)


def test_the_backend_is_asked_in_a_copy_and_the_checkout_stays_as_it_was(root: Path) -> None:  # P68
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    git(root, "tag", "v3.1")
    before = sorted(path.name for path in root.iterdir())
    assert "3.1" == ask(root)
    assert before == sorted(path.name for path in root.iterdir())


def test_variables_that_set_a_version_are_seen(  # B2
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETUPTOOLS_SCM_PRETEND_VERSION", "8.8.8")
    assert "8.8.8" == ask(root)


def test_without_a_repository_one_paragraph_says_what_it_takes(root: Path) -> None:  # B11
    with pytest.raises(UserError) as caught:
        ask(root)
    assert "asking the build backend for the project's version" in caught.value.message
    assert "SETUPTOOLS_SCM_PRETEND_VERSION" in caught.value.hint
    assert len(caught.value.message.splitlines()) < 20


def test_a_module_that_the_backend_lacks_is_named_with_the_way_out(root: Path) -> None:  # P5
    git(root, "init", "-q")
    git(root, "add", ".")
    (root / "own.py").write_text(BACKEND.format(head="import nowhere_to_be_found"))
    with pytest.raises(UserError) as caught:
        ask(root)
    assert "No module named 'nowhere_to_be_found'" in caught.value.message
    assert "`requires` in [build-system]" in caught.value.hint
    assert "app = [...]" in caught.value.hint
