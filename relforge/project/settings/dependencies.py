"""``[tool.relforge.dependencies]``: what is added to the project's own requirements."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement

from relforge.model.spec import ADD_LOCK, DependencySettings, Project
from relforge.project.settings.table import Table

LOCK = re.compile(r"pylock\.[^./\\]+\.toml")


def read_dependencies(table: Table, project: Project, env: str) -> DependencySettings:
    """The table ``dependencies``; in the environment ``dev`` the group ``dev`` goes in."""
    development = tuple(group for group in ("dev",) if env == "dev" and group in project.groups)
    origin = "the environment dev" if development else "default"
    groups = table.texts("groups", development, origin=origin)
    extras = table.texts("extras", ())
    for key, names, known in (
        ("groups", groups, project.groups),
        ("extras", extras, project.optional_dependencies),
    ):
        for index, name in enumerate(names):
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise table.error(f"{key}[{index}]", f"{name!r} is not in the project ({there})")
    add = table.texts("add", ())
    for index, text in enumerate(add):
        try:
            Requirement(text)
        except InvalidRequirement:
            message = f'expected a requirement such as "gunicorn>=23", found {text!r}'
            raise table.error(f"add[{index}]", message) from None
    add_lock = table.text("add_lock", ADD_LOCK)
    if not LOCK.fullmatch(add_lock):
        message = f"expected a name such as {ADD_LOCK} (PEP 751), found {add_lock!r}"
        raise table.error("add_lock", message)
    prefer = table.texts("prefer", ())
    table.finish()
    return DependencySettings(
        groups=groups, extras=extras, add=add, add_lock=add_lock, prefer=prefer
    )
