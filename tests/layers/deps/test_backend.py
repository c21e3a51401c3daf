"""The project's wheel: its backend runs in an environment that is made once."""

from __future__ import annotations

import logging
import platform
import sys
import zipfile
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers.deps import backend
from relforge.support.errors import UserError

pytestmark = pytest.mark.process

VERSION = platform.python_version()

# A backend of the project's own, which needs nothing from an index.
BACKEND = """
import os, sys, zipfile

def get_requires_for_build_wheel(config_settings=None):
    open(os.environ["ASKED"], "a").write("asked\\n")
    return []

def build_wheel(directory, config_settings=None, metadata_directory=None):
    print("hello from the backend")
    import warnings
    warnings.warn("a license classifier is deprecated")
    if os.environ.get("FAIL"):
        sys.exit("it is broken")
    name = "shop-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as file:
        file.writestr("shop.py", sys.prefix)
    return name
"""
SETTINGS = """
[build-system]
requires = []
build-backend = "own"
backend-path = ["."]
[project]
name = "shop"
version = "1.0"
"""


@pytest.fixture
def source(own_cache: Path, tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    (directory / "own.py").write_text(BACKEND)
    (directory / "pyproject.toml").write_text(SETTINGS)
    return directory


def built(source: Path, **env: str) -> Path:
    asked = source.parent / "asked"
    into = source.parent / "dist"
    return backend.wheel(source, Path(sys.executable), VERSION, {"ASKED": str(asked), **env}, into)


def test_the_backend_runs_in_an_environment_that_is_kept(source: Path) -> None:
    with zipfile.ZipFile(built(source)) as file:
        prefix = Path(file.read("shop.py").decode())
    assert prefix.is_relative_to(cache.home())
    before = (prefix / "pyvenv.cfg").stat().st_mtime_ns
    built(source)
    assert before == (prefix / "pyvenv.cfg").stat().st_mtime_ns


def test_what_it_needs_in_addition_is_asked_once_for_one_configuration(source: Path) -> None:
    asked = source.parent / "asked"
    built(source)
    built(source)
    assert "asked\n" == asked.read_text()
    (source / "setup.cfg").write_text("[metadata]\n")
    built(source)
    assert "asked\nasked\n" == asked.read_text()


def test_what_a_backend_warns_its_author_of_is_not_printed(
    source: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """P36."""
    built(source)
    assert [] == [str(row.message) for row in recwarn.list]


def test_an_environment_that_was_half_made_is_made_again(source: Path) -> None:
    built(source)
    (whole,) = (cache.home() / "backends").glob("*/whole")
    whole.unlink()
    (whole.parent / "venv" / "pyvenv.cfg").unlink()
    built(source)
    assert (whole.parent / "venv" / "pyvenv.cfg").exists()


def test_a_backend_that_fails_is_quoted(source: Path) -> None:
    with pytest.raises(UserError) as caught:
        built(source, FAIL="1")
    assert "building the project's wheel" in caught.value.message
    assert "it is broken" in caught.value.message
    assert "python -m build --wheel" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[build-system]\nrequires = 3\n", "requires"),
        ("[build-system\n", "pyproject.toml"),
        (SETTINGS.replace('"own"', '"none"'), "none"),
    ],
)
def test_a_build_system_that_makes_no_sense_is_reported(
    source: Path, text: str, words: str
) -> None:
    (source / "pyproject.toml").write_text(text)
    with pytest.raises(UserError, match=words):
        built(source)


@pytest.mark.process
def test_warnings_of_a_backend_are_for_the_log(  # P36
    source: Path, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    text = BACKEND.replace(
        'print("hello', 'import warnings; warnings.warn("old\\n\\nfashion"); print("hello'
    )
    (source / "own.py").write_text(text)
    with caplog.at_level(logging.DEBUG, logger="relforge"):
        built(source)
    assert [] == list(recwarn)
    assert any("old" in row.getMessage() for row in caplog.records)
