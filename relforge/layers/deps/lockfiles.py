"""Which lock a project has, what of it applies to a target, and whether it still fits."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.layers.deps import (
    graph,
    lock_header,
    pdm_lock,
    pipfile_lock,
    poetry_lock,
    requirements,
    uv_lock,
)
from relforge.layers.deps.markers import holds
from relforge.layers.deps.pins import Lock, Pin
from relforge.layers.deps.platform import Platform, platform
from relforge.model.release import Interpreter, Target
from relforge.model.spec import Project, Settings
from relforge.support.errors import SettingsError, UserError

ADVICE = "type: relforge lock"
ENTRY_POINTS = "entry-points"  # the rule of the checks
ADDED = "tool.relforge.dependencies.add"


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
        from relforge.layers.deps import pylock  # noqa: PLC0415 - late, as it says above

        found = pylock.read(path, project=canonicalize_name(project.name))
    else:
        found = requirements.read(path, project.root)
    return replace(found, advice=lock_header.advice(path))


def select(lock: Lock, target: Platform, settings: Settings) -> tuple[Pin, ...]:
    """The pins that go into a release for that platform, by name; raises UserError.

    Groups and extras count where the lock's markers ask for them.  A lock
    without such markers, as a requirements file is, goes in whole, development
    tools and all: keep a lock of its own for those.
    """
    _check_python(lock, target)
    chosen: dict[str, Pin] = {}
    for pin in _that_apply(lock, target, settings):
        if pin.requires_python and not pin.requires_python.contains(target.python, True):
            raise UserError(
                f"{lock.path}: {pin} needs Python {pin.requires_python}, "
                f"the release has {target.python}",
                hint=lock.advice,
            )
        other = chosen.setdefault(pin.name, pin)
        if (other.version, other.source) != (pin.version, pin.source):
            raise UserError(
                f"{lock.path}: both {other} ({other.where}) and {pin} ({pin.where}) apply to "
                f"Python {target.python} on {target.machine}",
                hint=lock.advice,
            )
    return tuple(chosen[name] for name in sorted(chosen))


def _that_apply(lock: Lock, target: Platform, settings: Settings) -> Iterator[Pin]:
    extras = frozenset(canonicalize_name(name) for name in settings.dependencies.extras)
    groups = settings.dependencies.groups
    if lock.needs is not None:
        names = map(canonicalize_name, groups)
        found = graph.reached(lock, lock.needs, target.markers, extras, names)
        yield from (pin for pin in found if not pin.is_virtual)
        return
    environment: dict[str, str | frozenset[str]] = {
        **target.markers,
        "extras": extras,
        "dependency_groups": frozenset((*lock.default_groups, *groups)),
    }
    for pin in lock.pins:
        if holds(pin.marker, environment, pin.where, context="lock_file"):
            yield pin


def check(
    path: Path, project: Project, settings: Settings, interpreter: Interpreter, target: Target
) -> None:
    """Raise UserError where the lock does not hold what the project asks for.

    Looks at the direct requirements only, and at no network.
    """
    here = platform(interpreter, target)
    lock = read(path, project)
    pins = {pin.name: pin for pin in select(lock, here, settings)}
    for where, text in wanted(project, settings):
        requirement = _parse(where, text)
        if not holds(requirement.marker, here.markers, where):
            continue
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            found = f"{path.name} holds no {requirement.name}"
        elif not pin.source and not requirement.specifier.contains(pin.version, prereleases=True):
            found = f"{path.name} holds {pin} ({pin.where})"
        else:
            continue
        raise UserError(
            f"{where}: the project asks for `{text}`, and {found}: "
            "the lock does not fit the dependencies",
            hint=_where_to_add(path) if where.startswith(ADDED) else lock.advice,
        )
    own = {canonicalize_name(row.name) for row in (project, *project.members)}
    _check_servers(lock, settings, pins.keys() | own)


def _check_servers(lock: Lock, settings: Settings, there: Collection[str]) -> None:
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
                f"{where}: {service.server} is not among the release's dependencies "
                f"({lock.path.name})",
                hint=f"add {service.server} to `project.dependencies`, then {lock.advice}",
            )


def _where_to_add(path: Path) -> str:
    """What to do about a requirement of the settings that the lock does not have."""
    if lock_header.read(path) is not None:
        return ADVICE
    return (
        f"only relforge's own locks follow `dependencies.add`: add it to what {path.name} is made "
        "from and lock again, or type: relforge lock -o pylock.toml"
    )


def wanted(project: Project, settings: Settings) -> Iterator[tuple[str, str]]:
    """Each direct requirement of the release, with the place where it is written.

    An extra that names others of the project (``shop[web]``) is followed.  A
    member's requirements count as the project's; the packages themselves do not.
    """
    own = {canonicalize_name(row.name): row for row in (project, *project.members)}
    for where, text in _asked(project, settings):
        requirement = _parse(where, text)
        there = own.get(canonicalize_name(requirement.name)) if project.members else None
        if there is None:
            yield where, text
        elif there.version and not requirement.specifier.contains(there.version, prereleases=True):
            raise UserError(
                f"{where}: `{text}` is asked for, and the member {there.name} has the version "
                f"{there.version}",
                hint="change one of the two",
            )


def _asked(project: Project, settings: Settings) -> Iterator[tuple[str, str]]:
    for member in project.members:
        yield from ((f"{member.name}: {where}", text) for where, text in _required(member))
    yield from _required(project)
    yield from _of_extras(project, settings)
    for group in settings.dependencies.groups:
        for index, text in enumerate(project.groups.get(group, ())):
            yield f"dependency-groups.{group}[{index}]", text
    for index, text in enumerate(settings.dependencies.add):
        yield f"{ADDED}[{index}]", text


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
            inner = _parse(where, text)
            if canonicalize_name(inner.name) == canonicalize_name(project.name):
                left.extend(canonicalize_name(row) for row in inner.extras)
            else:
                yield where, text


def _parse(where: str, text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise SettingsError(f"{where}: {text!r} is no requirement: {error}") from None


def _check_python(lock: Lock, target: Platform) -> None:
    if lock.requires_python and not lock.requires_python.contains(target.python, True):
        raise UserError(
            f"{lock.path}: the lock is for Python {lock.requires_python}, "
            f"the release has {target.python}",
            hint=lock.advice,
        )
    if lock.environments and not any(
        holds(row, target.markers, lock.path.name) for row in lock.environments
    ):
        raise UserError(
            f"{lock.path}: the lock is for other platforms than {target.machine} Linux with "
            f"CPython {target.python}: {', '.join(map(str, lock.environments))}",
            hint=lock.advice,
        )
