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


def load(root: Project, directories: Sequence[str], key: str = KEY) -> tuple[Project, ...]:
    """The packages in these directories, relative to the project; raises SettingsError."""
    found: list[Project] = []
    for index, directory in enumerate(directories):
        member = _load(root.root, directory, f"{key}[{index}]")
        _refuse_twin(member, [root, *found], f"{key}[{index}]", directory)
        found.append(member)
    return tuple(found)


def _load(root: Path, directory: str, where: str) -> Project:
    if os.path.isabs(directory):
        raise SettingsError(
            f"{where}: {directory!r} is absolute", hint="write it relative to the project"
        )
    place = (root / directory).resolve()
    if not (place / "pyproject.toml").is_file():
        raise SettingsError(
            f"{where}: no pyproject.toml in {directory!r}",
            hint="members are directories of packages, relative to the project",
        )
    member = pyproject.load(place)
    if not member.name:
        raise SettingsError(f"{where}: {directory}/pyproject.toml has no project.name")
    return member


def _refuse_twin(member: Project, others: Sequence[Project], where: str, directory: str) -> None:
    for other in others:
        if other.root == member.root:
            what = "the project itself" if other is others[0] else "a member already"
            raise SettingsError(f"{where}: {directory!r} is {what}", hint="name each package once")
        if canonicalize_name(other.name) == canonicalize_name(member.name):
            raise SettingsError(
                f"{where}: {directory!r} has the name {member.name}, like {other.root}",
                hint="each package of a release needs a different name",
            )
