"""Several packages of one repository."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge import config, members, project
from relforge.deps import locks
from relforge.errors import SettingsError, UserError


def _repository(root: Path, web: str = "core>=1") -> Path:
    for name, needs in (("core", "idna"), ("web", web)):
        folder = root / "packages" / name
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "1.0"\ndependencies = ["{needs}"]\n'
        )
    (root / "pyproject.toml").write_text(
        '[tool.relforge]\nname = "shop"\nversion = "1"\n'
        'members = ["packages/core", "packages/web"]\n'
        '[tool.relforge.python]\nversion = "3.11"\n'
    )
    return root


def test_the_members_requirements_count_without_the_members(tmp_path: Path) -> None:
    found = config.read_settings(_repository(tmp_path), "prod")
    assert [text for _, text in locks.wanted(found.project, found.settings)] == ["idna"]


def test_a_member_of_another_version_than_asked_for_is_refused(tmp_path: Path) -> None:
    found = config.read_settings(_repository(tmp_path, "core>=2"), "prod")
    with pytest.raises(UserError, match=r"core>=2.*has the version 1\.0"):
        list(locks.wanted(found.project, found.settings))


@pytest.mark.parametrize("second", ["packages/core", "packages/none", "."])
def test_what_is_no_further_package_is_refused_by_its_place(tmp_path: Path, second: str) -> None:
    root = replace(project.load(_repository(tmp_path)), members=())
    with pytest.raises(SettingsError, match=r"tool\.relforge\.members\[1\]"):
        members.load(root, ["packages/core", second])
