"""relforge itself among a project's requirements: most often a mistake."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.model.spec import Project, Settings

log = logging.getLogger("relforge.pipeline.builder_requirement")

BUILDER = "relforge"  # its name as a distribution


def warn(found: Project, typed: Settings) -> None:
    """Warn where the builder itself would go into the release, with all that it depends on."""
    for project in (found, *found.members):
        for where, text in _asked(project, typed):
            if _names_the_builder(text):
                log.warning(
                    "%s: %s: this puts relforge itself, the builder, and its "
                    "dependencies into the release; for `from relforge.runtime import "
                    "config` in development, put "
                    "relforge-runtime into a development group instead: a release has its own "
                    "copy",
                    project.root,
                    where,
                )


def _asked(project: Project, typed: Settings) -> Iterator[tuple[str, str]]:
    """Each requirement, and where it is written; no lock is read for it."""
    if project.requirements is not None:
        yield from ((row.where, row.text) for row in project.requirements.rows)
    else:
        for index, text in enumerate(project.dependencies):
            yield f"project.dependencies[{index}]", text
    for table, names, rows in (
        ("project.optional-dependencies", typed.dependencies.extras, project.optional_dependencies),
        ("dependency-groups", typed.dependencies.groups, project.groups),
    ):
        for name in names:
            yield from ((f"{table}.{name}", text) for text in rows.get(name, ()))


def _names_the_builder(text: str) -> bool:
    try:
        return canonicalize_name(Requirement(text).name) == BUILDER
    except InvalidRequirement:
        return False  # which is reported where requirements are read
