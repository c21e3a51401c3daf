"""Requirements that the project's build backend reports."""

from __future__ import annotations

import subprocess
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from relforge.layers.deps.dynamic_requirements import declared, of_metadata
from relforge.model.release import Interpreter
from relforge.model.spec import PackageSettings, Project
from relforge.project import pyproject, source_exclusions, sources
from relforge.support.errors import UserError
from tests import builder

# A backend of the project's own, which needs nothing from an index.
BACKEND = """
import os

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    with open(os.environ["ASKED"], "a") as file:
        file.write("asked\\n")
    name = "shop-1.0.dist-info"
    os.mkdir(os.path.join(directory, name))
    with open(os.path.join(directory, name, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: shop\\nVersion: 1.0\\n")
        for line in open("requirements.txt"):
            file.write(f"Requires-Dist: {line}")
    return name

def build_wheel(directory, config_settings=None, metadata_directory=None):
    raise NotImplementedError
"""
SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
TABLE = '[project]\nname = "shop"\nversion = "1.0"\n'

SEEN = PackageSettings(build_env=("ASKED",))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    directory = tmp_path / "shop"
    directory.mkdir()
    (directory / "own.py").write_text(BACKEND)
    (directory / "requirements.txt").write_text("click<9\n")
    (directory / "pyproject.toml").write_text(f'{SYSTEM}{TABLE}dynamic = ["dependencies"]\n')
    return directory


def reported(root: Path, python: Interpreter) -> Project:
    return declared(pyproject.load(root), builder.settings(app=None, packages=SEEN), python)


@pytest.mark.process
def test_the_backend_is_asked_once_until_a_file_that_decides_changes(
    root: Path, tmp_path: Path, interpreter: Interpreter
) -> None:
    assert ("click<9",) == reported(root, interpreter).dependencies
    (root / "shop").mkdir()
    (root / "shop" / "__init__.py").write_text("")
    assert ("click<9",) == reported(root, interpreter).dependencies
    assert "asked\n" == (tmp_path / "asked").read_text()
    (root / "requirements.txt").write_text("click<8\nflask\n")
    assert ("click<8", "flask") == reported(root, interpreter).dependencies


@pytest.mark.process
def test_without_a_project_table_the_backend_is_asked(root: Path, interpreter: Interpreter) -> None:
    (root / "pyproject.toml").write_text(SYSTEM)
    assert ("click<9",) == reported(root, interpreter).dependencies
    trees = declared(
        pyproject.load(root), builder.settings(app=("own.py",), packages=SEEN), interpreter
    )
    assert () == trees.dependencies  # its wheel is none of the release's


def test_what_the_table_says_is_not_asked_for(
    root: Path, tmp_path: Path, interpreter: Interpreter
) -> None:
    (root / "pyproject.toml").write_text(f'{SYSTEM}{TABLE}dependencies = ["flask"]\n')
    assert ("flask",) == reported(root, interpreter).dependencies
    assert not (tmp_path / "asked").exists()


@pytest.mark.process
def test_a_member_is_asked_too(root: Path, tmp_path: Path, interpreter: Interpreter) -> None:
    above = builder.project(tmp_path, members=(pyproject.load(root),))
    (member,) = declared(above, builder.settings(packages=SEEN), interpreter).members
    assert ("click<9",) == member.dependencies


@pytest.mark.process
def test_a_backend_that_fails_is_quoted_and_nothing_is_left_in_the_project(
    root: Path, interpreter: Interpreter
) -> None:
    (root / "requirements.txt").unlink()
    before = sorted(root.iterdir())
    with pytest.raises(UserError) as caught:
        reported(root, interpreter)
    assert "asking the build backend for the project's dependencies" in caught.value.message
    assert "requirements.txt" in caught.value.message
    assert before == sorted(root.iterdir())


def test_an_extra_has_its_requirements_without_the_marker_that_names_it() -> None:
    head = Message()
    head["Provides-Extra"] = "web"
    head["Provides-Extra"] = "none"
    head["Requires-Dist"] = "click<9"
    head["Requires-Dist"] = 'uvicorn[standard]>=0.20; extra == "web"'
    head["Requires-Dist"] = "tomli; (python_version < '3.11') and extra == 'web'"
    head["Requires-Dist"] = 'redis ; (sys_platform == "linux") and (extra == "all" or extra == "q")'
    required, optional = of_metadata(head)
    assert ("click<9",) == required
    assert ["all", "none", "q", "web"] == sorted(optional)
    assert () == optional["none"]
    plain, old = optional["web"]
    assert "uvicorn[standard]>=0.20" == plain
    assert holds(old, python_version="3.10")
    assert not holds(old, python_version="3.12")
    for extra in ("all", "q"):
        assert holds(optional[extra][0], sys_platform="linux")
        assert not holds(optional[extra][0], sys_platform="win32")


def holds(text: str, **environment: str) -> bool:
    marker = Requirement(text).marker
    assert marker is not None
    return marker.evaluate({**environment, "extra": ""})


@pytest.mark.process
@pytest.mark.parametrize("checkout", [True, False])
def test_requirements_that_a_backend_reads_are_sources_and_the_lock_is_not(
    tmp_path: Path, checkout: bool
) -> None:
    for name in ("requirements.txt", "requirements.in", "pylock.toml"):
        (tmp_path / name).write_text("")
    if checkout:
        subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    found = sources.files(tmp_path)
    assert ("requirements.in", "requirements.txt") == found
    for lock, left in (("requirements.txt", found[:1]), ("pylock.toml", found), (None, found)):
        settings = builder.settings(lock=lock)
        assert left == tuple(source_exclusions.without(found, tmp_path, tmp_path, settings))
