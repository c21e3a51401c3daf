"""What decides a lock: requirements, where packages come from, and for which interpreter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from relforge.cache import ownership
from relforge.layers import python
from relforge.layers.deps.package_sources import OLD_PUBLIC, PUBLIC
from relforge.model.release import Interpreter, Target
from relforge.model.spec import Index, Project, Settings
from relforge.pipeline import builder_requirement
from relforge.pipeline.configured import read_settings
from relforge.project import supported_python
from relforge.project.requirements import choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockable:
    """What decides a lock: the project's requirements, and for which interpreter."""

    project: Project
    settings: Settings
    python: Interpreter
    target: Target


def lockable(root: Path, env: str, target: str | None = None, name: str | None = None) -> Lockable:
    """The settings and the interpreter; raises UserError.  A lock need not be there.

    ``target`` is such as ``linux-aarch64``, by default what `python.find` says.
    """
    ownership.check()
    configured = read_settings(root, env, name)
    found = configured.project
    interpreter = python.find(configured.settings.python, found.root, target)
    supported_python.refuse(found, interpreter.version)
    found = choice.before_backend(found, configured.settings)
    if any(row.dynamic for row in (found, *found.members)):
        # Late: most projects write what they require.
        from relforge.layers.deps.dynamic_requirements import declared  # noqa: PLC0415 - seldom needed

        found = declared(found, configured.settings, interpreter)
    found = choice.after_backend(found, configured.settings)
    builder_requirement.warn(found, configured.settings)
    return Lockable(
        project=found,
        settings=_with_indexes(configured.settings, found),
        python=interpreter,
        target=Target(system="linux", machine=interpreter.machine),
    )


def _with_indexes(typed: Settings, found: Project) -> Settings:
    """The settings, and the places of packages that the requirements' own file names."""
    asked = found.requirements
    if asked is None or not (asked.index or asked.indexes or asked.find_links):
        return typed
    known = typed.packages.indexes
    more = [Index(name="", url=url) for url in asked.indexes]
    # What pip's configuration may replace.
    public = asked.index.rstrip("/") in ("", PUBLIC, OLD_PUBLIC)
    if not public and not any(row.default for row in known):
        more.append(Index(name="", url=asked.index, default=True))
    links = (*typed.packages.find_links, *asked.find_links)
    return replace(
        typed, packages=replace(typed.packages, indexes=(*known, *more), find_links=links)
    )
