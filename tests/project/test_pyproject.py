"""Reading a project: what cannot be read is named with its file, and with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.project import pyproject
from relforge.support.errors import Exit, SettingsError

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
[project]
name = "shop"
version = "1.0"
dependencies = ["click"]
scripts = { shop = "shop:main" }
[project.optional-dependencies]
web = ["uvicorn"]
[dependency-groups]
test = ["pytest"]
dev = ["ruff", { include-group = "test" }]
[tool.relforge]
name = "shop"
"""


def refusal(root: Path) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        pyproject.load(root)
    assert Exit.CONFIG == caught.value.code
    return caught.value


def test_a_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    found = pyproject.load(tmp_path)
    assert ("shop", "1.0", ("click",)) == (found.name, found.version, found.dependencies)
    assert {"web": ("uvicorn",)} == found.optional_dependencies
    assert {"test": ("pytest",), "dev": ("ruff", "pytest")} == found.groups
    assert found.has_build_system
    assert {"name": "shop"} == found.settings
    assert tmp_path / "pyproject.toml" == found.settings_file


def test_a_relative_directory_and_a_link_are_resolved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "link").symlink_to(real)
    monkeypatch.chdir(tmp_path)
    assert real == pyproject.load(Path("link")).root


def test_settings_of_their_own_file_need_no_pyproject(tmp_path: Path) -> None:
    (tmp_path / "relforge.toml").write_text('name = "shop"\n')
    found = pyproject.load(tmp_path)
    assert {"name": "shop"} == found.settings
    assert tmp_path / "relforge.toml" == found.settings_file
    assert not found.has_build_system


def test_settings_in_two_places_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "relforge.toml").write_text('name = "shop"\n')
    assert "two places" in refusal(tmp_path).message


def test_no_project(tmp_path: Path) -> None:
    error = refusal(tmp_path)
    assert f"{tmp_path}: no pyproject.toml" == error.message
    assert "--project DIR" in error.hint
    assert "no such directory" in refusal(tmp_path / "no").message


def test_toml_that_is_not_valid(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\nname = \n")
    assert refusal(tmp_path).message.startswith(f"{path}:2: not valid TOML: ")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b'[project]\nname = "caf\xe9"\n')
    assert refusal(tmp_path).message.startswith(f"{path}: not UTF-8: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("project = 3", "project: expected a table"),
        ("[tool]\nrelforge = 3", "tool.relforge: expected a table"),
        ("[project]\ndependencies = 3", "the [project] table is not valid"),
        (
            '[dependency-groups]\na = [{ include-group = "a" }]',
            "dependency-groups.a: includes itself",
        ),
    ],
)
def test_tables_of_the_wrong_shape(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert message in refusal(tmp_path).message
