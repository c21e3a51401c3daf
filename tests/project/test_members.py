"""Several packages of one repository."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge.layers.deps import lockfiles
from relforge.pipeline.configured import read_settings
from relforge.project import members, pyproject
from relforge.support.errors import SettingsError, UserError


def _repository(root: Path, web: str = "core>=1") -> Path:
    for name, needs in (("core", "idna"), ("web", web)):
        directory = root / "packages" / name
        directory.mkdir(parents=True)
        (directory / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "1.0"\ndependencies = ["{needs}"]\n'
        )
    (root / "pyproject.toml").write_text(
        '[tool.relforge]\nname = "shop"\nversion = "1"\n'
        'members = ["packages/core", "packages/web"]\n'
        '[tool.relforge.python]\nversion = "3.11"\n'
    )
    return root


def test_the_members_requirements_count_without_the_members(tmp_path: Path) -> None:
    found = read_settings(_repository(tmp_path), "prod")
    assert [text for _, text in lockfiles.wanted(found.project, found.settings)] == ["idna"]


def test_a_member_of_another_version_than_asked_for_is_refused(tmp_path: Path) -> None:
    found = read_settings(_repository(tmp_path, "core>=2"), "prod")
    with pytest.raises(UserError, match=r"core>=2.*has version 1\.0"):
        list(lockfiles.wanted(found.project, found.settings))


@pytest.mark.parametrize("second", ["packages/core", "packages/none", "."])
def test_what_is_no_further_package_is_refused_by_its_place(tmp_path: Path, second: str) -> None:
    root = replace(pyproject.load(_repository(tmp_path)), members=())
    with pytest.raises(SettingsError, match=r"tool\.relforge\.members\[1\]"):
        members.load(root, ["packages/core", second])


def _said(root: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        read_settings(root, "prod")
    return refused.value.message


def test_a_member_has_a_name_and_one_of_its_own(tmp_path: Path) -> None:
    root = _repository(tmp_path)
    web = root / "packages" / "web" / "pyproject.toml"
    web.write_text('[project]\nname = "Core"\nversion = "1"\n')
    assert "tool.relforge.members[1]: 'packages/web' has the name Core, like" in _said(root)
    web.write_text("[tool.other]\n")
    assert "packages/web/pyproject.toml has no project.name" in _said(root)


def test_a_member_may_lie_beside_the_project(tmp_path: Path) -> None:
    root = _repository(tmp_path) / "release"
    root.mkdir()
    text = (tmp_path / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(text.replace('"packages/', '"../packages/'))
    found = read_settings(root, "prod").project
    expected = [tmp_path / "packages" / "core", tmp_path / "packages" / "web"]
    assert expected == [row.root for row in found.members]


def test_a_release_of_several_has_members_of_its_own(tmp_path: Path) -> None:
    root = _repository(tmp_path)
    with (root / "pyproject.toml").open("a") as file:
        file.write('[tool.relforge.releases.small]\nmembers = ["packages/core"]\n')
    found = read_settings(root, "prod", "small").project
    assert ["core"] == [row.name for row in found.members]
