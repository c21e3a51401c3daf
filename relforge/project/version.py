"""The version of a release: written, the project's, or git's; never made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relforge.model.spec import Project
from relforge.project import git
from relforge.support.errors import SettingsError

KEY = "tool.relforge.version"


def resolve(project: Project, setting: Any) -> str:
    """The version that ``tool.relforge.version`` asks for; raises SettingsError."""
    if isinstance(setting, str):
        return setting
    if setting is None or setting == {"from": "project"}:
        return project.version or _from_backend(project)
    if setting == {"git": "describe"}:
        described = git.describe(project.root)
        if described is None:
            raise SettingsError(
                f"{KEY}: `git describe --tags` finds no tag in {project.root}",
                hint="tag a commit (`git tag v1.0.0`), or write the version",
            )
        return described
    raise SettingsError(
        f'{KEY}: expected "1.2.3", {{ from = "project" }} or {{ git = "describe" }}, '
        f"found {setting!r}"
    )


def _from_backend(project: Project) -> str:
    if not project.has_build_system:
        raise SettingsError(
            f"{KEY}: the project has neither `project.version` nor a build system to ask for it",
            hint='write `version = "1.0.0"` below [project] or [tool.relforge]',
        )
    return ask_backend(project.root)


def ask_backend(root: Path) -> str:
    """The version that the build backend computes (PEP 517 metadata); takes a second."""
    # Late: most projects write their version.
    import build.util  # noqa: PLC0415 - late, as it says above

    try:
        metadata = build.util.project_wheel_metadata(root)
    except build.BuildException as error:
        raise SettingsError(
            f"{KEY}: the build backend does not tell the version: {error}"
        ) from None
    return str(metadata["Version"])
