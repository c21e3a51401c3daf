"""Which versions of Python a project supports: the one check, of `init`, `lock` and `build`."""

from __future__ import annotations

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from relforge.model import python_version
from relforge.model.spec import Project
from relforge.support.errors import SettingsError

WHERE = "project.requires-python"


def refuse(project: Project, version: str) -> None:
    """Raise SettingsError where the project, or a member, does not support that Python."""
    for row in (project, *project.members):
        if not supports(row, version):
            whose = WHERE if row is project else f"{row.name}: {WHERE}"
            raise SettingsError(
                f"tool.relforge.python.version: the release would have CPython {version}, "
                f'but the project requires "{row.requires_python}" ({whose})',
                hint="change one of the two",
            )


def supports(project: Project, version: str) -> bool:
    """Whether the project supports that version: ``3.12.4``, or ``3.12`` for its newest patch.

    Raises SettingsError where what is written is not a specifier.
    """
    try:
        supported = SpecifierSet(project.requires_python)
    except InvalidSpecifier as error:
        raise SettingsError(f"{WHERE}: {error}") from None
    plain = python_version.plain(version)
    full = plain if plain.count(".") > 1 else f"{plain}.99"
    return supported.contains(full, prereleases=True)
