"""The version of a release: written, the project's, or git's; never made up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from relforge.model.spec import Project
from relforge.project import git
from relforge.support.errors import SettingsError

KEY = "tool.relforge.version"
SHAPES = '"1.2.3", { from = "project" }, { git = "describe" } or { git = "describe", match = "v*" }'


def resolve(project: Project, setting: Any, ask: Callable[[], str]) -> str:
    """The version that ``tool.relforge.version`` asks for; raises SettingsError.

    ``ask`` asks the project's build backend, where that alone knows.
    """
    if isinstance(setting, str):
        return setting
    if asks_project(setting):
        return project.version or _from_backend(project, ask)
    if isinstance(setting, dict) and setting.get("git") == "describe":
        if set(setting) == {"git"}:
            return _described(project.root, "")
        if set(setting) == {"git", "match"} and isinstance(setting["match"], str):
            return _described(project.root, setting["match"])
    raise SettingsError(f"{KEY}: expected {SHAPES}, found {setting!r}")


def asks_project(setting: Any) -> bool:
    """Whether the version is the project's own."""
    return setting is None or setting == {"from": "project"}


def _described(root: Path, match: str) -> str:
    described = git.describe(root, match)
    if described is not None:
        return described
    if git.is_shallow(root):
        raise SettingsError(
            f"{KEY}: `git describe --tags` finds no tag in {root}: this clone is shallow",
            hint="run: git fetch --tags --unshallow",
        )
    other = git.nearest_tag(root)
    if other and not match:
        raise SettingsError(
            f"{KEY}: the nearest tag, {other}, does not start with a version",
            hint="set which tags are versions: "
            f'{{ git = "describe", match = "{_pattern(other)}" }}',
        )
    what = f"no tag that matches {match!r}" if match else "no tag"
    raise SettingsError(
        f"{KEY}: `git describe --tags` finds {what} in {root}",
        hint="tag a commit (`git tag v1.0.0`), or set the version",
    )


def _pattern(tag: str) -> str:
    """A pattern of tags like that one: all that is before its first digit, and the rest."""
    begin = next((index for index, letter in enumerate(tag) if letter.isdigit()), len(tag))
    return f"{tag[:begin]}*"


def _from_backend(project: Project, ask: Callable[[], str]) -> str:
    if not project.has_build_system:
        raise SettingsError(
            f"{KEY}: the project has neither `project.version` nor a build system that provides it",
            hint='set `version = "1.0.0"` in [project] or [tool.relforge]',
        )
    return ask()
