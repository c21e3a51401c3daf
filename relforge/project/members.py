"""Further packages of the repository that go into a release as the project's own does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from relforge.model.spec import Project
from relforge.project import pyproject
from relforge.support.errors import SettingsError

KEY = "tool.relforge.members"


def load(root: Project, folders: Sequence[str], key: str = KEY) -> tuple[Project, ...]:
    """The packages in these directories, relative to the project; raises SettingsError."""
    found: list[Project] = []
    for index, folder in enumerate(folders):
        member = _load(root.root, folder, f"{key}[{index}]")
        _refuse_twin(member, [root, *found], f"{key}[{index}]", folder)
        found.append(member)
    return tuple(found)


def _load(root: Path, folder: str, where: str) -> Project:
    if os.path.isabs(folder):
        raise SettingsError(
            f"{where}: {folder!r} is absolute", hint="write it relative to the project"
        )
    place = (root / folder).resolve()
    if not (place / "pyproject.toml").is_file():
        raise SettingsError(
            f"{where}: no pyproject.toml in {folder!r}",
            hint="members are directories of packages, relative to the project",
        )
    member = pyproject.load(place)
    if not member.name:
        raise SettingsError(f"{where}: {folder}/pyproject.toml has no project.name")
    return member


def _refuse_twin(member: Project, others: Sequence[Project], where: str, folder: str) -> None:
    for other in others:
        if other.root == member.root:
            what = "the project itself" if other is others[0] else "a member already"
            raise SettingsError(f"{where}: {folder!r} is {what}", hint="name each package once")
        if canonicalize_name(other.name) == canonicalize_name(member.name):
            raise SettingsError(
                f"{where}: {folder!r} has the name {member.name}, like {other.root}",
                hint="each package of a release needs a different name",
            )
