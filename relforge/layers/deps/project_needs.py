"""What a project asks for, as the needs from which a lock is walked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.layers.deps.pins import Need
from relforge.model.spec import Project


def of(project: Project) -> tuple[Need, ...]:
    """Those that always count, and those of each extra and group."""
    found = list(_needs(project.dependencies))
    tables = project.optional_dependencies
    for extra in tables:
        name = canonicalize_name(extra)
        found += _needs(_followed(project.name, tables, name, set()), by_extra=name)
    for group, rows in project.groups.items():
        found += _needs(rows, by_group=canonicalize_name(group))
    for member in project.members:
        found += _needs(member.dependencies)
    return tuple(found)


def own_names(project: Project) -> frozenset[str]:
    """The packages that relforge builds itself: the project's, and its members'."""
    rows = (project, *project.members)
    return frozenset(canonicalize_name(row.name) for row in rows if row.name)


def need(text: str, by_extra: str = "", by_group: str = "") -> Need:
    """One requirement (PEP 508) as a need; raises InvalidRequirement."""
    requirement = Requirement(text)
    return Need(
        name=canonicalize_name(requirement.name),
        version=None,
        specifier=requirement.specifier,
        extras=tuple(canonicalize_name(extra) for extra in requirement.extras),
        marker=requirement.marker,
        by_extra=by_extra,
        by_group=by_group,
    )


def for_extra(row: Need, extra: str) -> Need:
    """The need as it counts where somebody asks for that extra."""
    return replace(row, by_extra=extra)


def _needs(rows: Iterable[str], by_extra: str = "", by_group: str = "") -> Iterator[Need]:
    for row in rows:
        try:
            yield need(row, by_extra, by_group)
        except InvalidRequirement:
            continue  # `lockfiles.wanted` refuses it, with its place


def _followed(
    name: str, tables: Mapping[str, tuple[str, ...]], extra: str, seen: set[str]
) -> Iterator[str]:
    """The rows of an extra; one that names the project itself (``shop[web]``) is followed."""
    seen.add(extra)
    for row in next((rows for key, rows in tables.items() if canonicalize_name(key) == extra), ()):
        try:
            requirement = Requirement(row)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) != canonicalize_name(name):
            yield row
            continue
        for inner in map(canonicalize_name, requirement.extras):
            if inner not in seen:
                yield from _followed(name, tables, inner, seen)
