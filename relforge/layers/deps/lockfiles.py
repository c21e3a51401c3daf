"""Which locks a project has, what goes in of them, and whether they still fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from packaging.utils import canonicalize_name

from relforge.layers.deps import (
    added_lock,
    pdm_lock,
    pipfile_lock,
    poetry_lock,
    requirements,
    uv_lock,
)
from relforge.layers.deps.direct_requirements import ADDED, parse, wanted
from relforge.layers.deps.markers import holds
from relforge.layers.deps.pins import Lock, Pin
from relforge.layers.deps.platform import Platform, platform
from relforge.layers.deps.selection import select
from relforge.model.release import Interpreter, Target
from relforge.model.spec import Project, Settings
from relforge.project import lock_header, lockfile
from relforge.support.errors import UserError

__all__ = ["ADVICE", "check", "pins", "read", "select", "wanted"]

ADVICE = "run: relforge lock"
ENTRY_POINTS = "entry-points"  # the rule of the checks


def read(path: Path, project: Project) -> Lock:
    """The lock in the file, in whichever format; raises UserError."""
    if path.name == "uv.lock":
        return uv_lock.read(path, project)
    if path.name == "poetry.lock":
        return poetry_lock.read(path, project)
    if path.name == "pdm.lock":
        return pdm_lock.read(path, project)
    if path.name == "Pipfile.lock":
        return pipfile_lock.read(path)
    if path.suffix == ".toml":
        # Late: it is slow to import, and not every project has such a lock.
        from relforge.layers.deps import pylock  # noqa: PLC0415 - slow to import, seldom needed

        found = pylock.read(path, project=canonicalize_name(project.name))
    else:
        found = requirements.read(path, project.root)
    return replace(found, advice=lock_header.advice(path))


def pins(path: Path, project: Project, settings: Settings, target: Platform) -> tuple[Pin, ...]:
    """All that goes into a release for that platform, in the order in which the locks name it.

    ``path`` is the project's lock; what is added on top of another tool's comes last.
    """
    lock = read(path, project)
    found = _in_order(lock, select(lock, target, settings))
    added = lockfile.beside(path, project.root, settings)
    if added is None or not added.is_file():
        return found
    more = added_lock.read(added)
    own = _in_order(more.lock, select(more.lock, target, settings))
    return added_lock.on_top(path.name, found, more, own)


def _in_order(lock: Lock, chosen: tuple[Pin, ...]) -> tuple[Pin, ...]:
    places = {id(pin): index for index, pin in enumerate(lock.pins)}
    return tuple(sorted(chosen, key=lambda pin: places.get(id(pin), 0)))


def check(
    path: Path, project: Project, settings: Settings, interpreter: Interpreter, target: Target
) -> None:
    """Raise UserError where the lock does not hold what the project asks for.

    Looks at the direct requirements only, and at no network.
    """
    here = platform(interpreter, target)
    there = {pin.name: pin for pin in pins(path, project, settings, here)}
    check_requirements(path, project, settings, here, there.values())
    own = {canonicalize_name(row.name) for row in (project, *project.members)}
    _check_servers(path, settings, there.keys() | own)


def check_requirements(
    path: Path, project: Project, settings: Settings, target: Platform, there: Iterable[Pin]
) -> None:
    """Raise UserError where one of the direct requirements is not among the pins."""
    known = {pin.name: pin for pin in there}
    added = lockfile.beside(path, project.root, settings)
    for where, text in wanted(project, settings):
        requirement = parse(where, text)
        if not holds(requirement.marker, target.markers, where):
            continue
        pin = known.get(canonicalize_name(requirement.name))
        is_added = added is not None and where.startswith(ADDED)
        if pin is None and added is not None and is_added:
            found = f"neither {path.name} nor {added.name} contains {requirement.name}"
        elif pin is None:
            found = f"{path.name} has no {requirement.name}"
        elif not pin.source and not requirement.specifier.contains(pin.version, prereleases=True):
            in_added = added is not None and pin.where.startswith(f"{added.name}:")
            holder = added.name if added is not None and in_added else path.name
            found = f"{holder} has {pin} ({pin.where})"
        else:
            continue
        raise UserError(
            f"{where}: the project requires `{text}`, but {found}: the lockfile does not match "
            "the dependencies",
            hint=ADVICE if is_added else _advice(path),
        )


def _advice(path: Path) -> str:
    """The command that makes that lock again."""
    writer = lockfile.WRITERS.get(path.name)
    return f"run: {writer}" if writer else lock_header.advice(path)


def _check_servers(path: Path, settings: Settings, there: Collection[str]) -> None:
    """Raise where no package brings a service's server; a build would show it at its end."""
    if ENTRY_POINTS in settings.check.skip:
        return
    for service in settings.services:
        where = f"tool.relforge.services.{service.name}.server"
        allowed = settings.check.allow
        if any(fnmatchcase(f"{ENTRY_POINTS}:{where}", row) for row in allowed):
            continue
        if service.server and service.server not in there:
            raise UserError(
                f"{where}: {service.server} is not in the release's dependencies ({path.name})",
                hint=f"add {service.server} to `project.dependencies`, then {_advice(path)}"
                f"; or to `dependencies.add` of the settings, then {ADVICE}",
            )
