"""The direct requirements of a release, each with the place where it is written."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.model.spec import Project, Settings
from relforge.support.errors import SettingsError, UserError

ADDED = "tool.relforge.dependencies.add"


def wanted(project: Project, settings: Settings) -> Iterator[tuple[str, str]]:
    """Each direct requirement of the release, with the place where it is written.

    An extra that names others of the project (``shop[web]``) is followed.  A
    member's requirements count as the project's; the packages themselves do not.
    """
    own = {canonicalize_name(row.name): row for row in (project, *project.members)}
    for where, text in _asked(project, settings):
        requirement = parse(where, text)
        there = own.get(canonicalize_name(requirement.name)) if project.members else None
        if there is None:
            yield where, text
        elif there.version and not requirement.specifier.contains(there.version, prereleases=True):
            raise UserError(
                f"{where}: `{text}` is required, but the member {there.name} has version "
                f"{there.version}",
                hint="change one of the two",
            )


def added(settings: Settings) -> Iterator[tuple[str, str]]:
    """Those of `dependencies.add`."""
    for index, text in enumerate(settings.dependencies.add):
        yield f"{ADDED}[{index}]", text


def parse(where: str, text: str) -> Requirement:
    """One of them; raises SettingsError with its place."""
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise SettingsError(f"{where}: {text!r} is not a valid requirement: {error}") from None


def _asked(project: Project, settings: Settings) -> Iterator[tuple[str, str]]:
    for member in project.members:
        yield from ((f"{member.name}: {where}", text) for where, text in _required(member))
    yield from _required(project)
    yield from _of_extras(project, settings)
    for group in settings.dependencies.groups:
        for index, text in enumerate(project.groups.get(group, ())):
            yield f"dependency-groups.{group}[{index}]", text
    yield from added(settings)


def _required(project: Project) -> Iterator[tuple[str, str]]:
    if project.requirements is not None:
        yield from ((row.where, row.text) for row in project.requirements.rows)
        return
    for index, text in enumerate(project.dependencies):
        yield f"project.dependencies[{index}]", text


def _of_extras(project: Project, settings: Settings) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    left = [canonicalize_name(name) for name in settings.dependencies.extras]
    tables = {canonicalize_name(name): name for name in project.optional_dependencies}
    while left:
        extra = left.pop(0)
        if extra in seen or extra not in tables:
            continue
        seen.add(extra)
        name = tables[extra]
        for index, text in enumerate(project.optional_dependencies[name]):
            where = f"project.optional-dependencies.{name}[{index}]"
            inner = parse(where, text)
            if canonicalize_name(inner.name) == canonicalize_name(project.name):
                left.extend(canonicalize_name(row) for row in inner.extras)
            else:
                yield where, text
