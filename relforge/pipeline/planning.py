"""From a folder and an environment's name to a `Release`.

Every error that a user can make is raised here, before anything is written
(but for what only the assembled tree can tell: see `relforge.checks`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge import cache
from relforge.artifacts import signing, sigstore
from relforge.artifacts.formats import choose
from relforge.layers import python
from relforge.layers.assets import step as assets
from relforge.model.release import Interpreter, Release, Target
from relforge.model.spec import BuildRequest, Index, Project, Settings
from relforge.pipeline import staging
from relforge.project import git, lockfile, members, pyproject, settings, supported_python, version
from relforge.project.requirements import choice
from relforge.project.settings.table import Reading, dotted
from relforge.runtime.settings import Over, is_set_by
from relforge.support.errors import SettingsError, UserError

log = logging.getLogger("relforge.pipeline.planning")

BUILDER = "relforge"  # its name as a distribution
# The public index by its address, and by the one that old files still have.
PUBLIC = ("https://pypi.org/simple", "https://pypi.python.org/simple")
LATEST = 8**11 - 1  # what a tar header's time stamp holds
EPOCH = 315_532_800  # 1980-01-01: for a project that is in no git checkout


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """The settings of one environment, and where each value comes from."""

    project: Project
    settings: Settings
    env: str
    readings: tuple[Reading, ...]
    over: tuple[Over, ...]  # the tables that were laid over; the first that speaks counts

    def origin(self, reading: Reading) -> str:
        """Where a value was written, or why it is the default."""
        if reading.origin is not None:
            return reading.origin
        file = self.project.settings_file.name
        for row in self.over:
            if is_set_by(row.table, reading.path[2:]):
                return f"{file} [{dotted(row.path)}]"
        return f"{file} [tool.relforge]"


def read_settings(root: Path, env: str, name: str | None = None) -> Configured:
    """The settings alone, of the release of that name; raises SettingsError."""
    found = pyproject.load(root)
    merged = settings.lay(found.settings, env, name)
    lock = _lock_name(found, merged.table.get("lock"))
    setting = merged.table.get("version")

    def ask() -> str:
        # Late: most projects write their version.
        from relforge.layers.deps import told_version  # noqa: PLC0415 - late, as it says above

        first, _ = settings.read(found, merged, env, version="0", lock=lock)
        return told_version.ask(found, first, _source_date(found.root))

    number = version.resolve(found, setting, ask)
    typed, readings = settings.read(found, merged, env, version=number, lock=lock)
    told = number if found.version is None and version.asks_project(setting) else ""
    project = replace(found, told_version=told, members=members.load(found, typed.members))
    return Configured(project=project, settings=typed, env=env, readings=readings, over=merged.over)


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
    configured = read_settings(root, env, name)
    found = configured.project
    interpreter = python.find(configured.settings.python, found.root, target)
    supported_python.refuse(found, interpreter.version)
    found = choice.before_backend(found, configured.settings)
    if any(row.dynamic for row in (found, *found.members)):
        # Late: most projects write what they require.
        from relforge.layers.deps.dynamic_requirements import declared  # noqa: PLC0415 - late, as it says above

        found = declared(found, configured.settings, interpreter)
    found = choice.after_backend(found, configured.settings)
    _warn_of_the_builder(found, configured.settings)
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
    public = asked.index.rstrip("/") in ("", *PUBLIC)  # what pip's configuration may replace
    if not public and not any(row.default for row in known):
        more.append(Index(name="", url=asked.index, default=True))
    links = (*typed.packages.find_links, *asked.find_links)
    return replace(
        typed, packages=replace(typed.packages, indexes=(*known, *more), find_links=links)
    )


def plan(root: Path, order: BuildRequest) -> Release:
    """The release to be built, as its settings ask for it; raises UserError.

    What may be wrong with it besides is for `check` to say.
    """
    env = order.env
    wanted = lockable(root, env, order.target, order.name)
    found, typed, target = wanted.project, wanted.settings, wanted.target
    check = replace(
        typed.check,
        warnings_as_errors=order.strict or typed.check.warnings_as_errors,
        smoke=order.smoke or typed.check.smoke,
    )
    typed = replace(
        typed,
        check=check,
        attest=order.attest or typed.attest,
        sign=order.sign or os.environ.get(signing.VARIABLE) or typed.sign,
    )
    _check_paths(found, typed)
    build_dir = found.root / "_build" / env
    if str(target) != python.host_target():
        build_dir /= str(target)  # a tree for this host stays beside it
    release = Release(
        project=found,
        settings=typed,
        env=env,
        target=target,
        source_date=_source_date(found.root),
        revision=git.revision(found.root),
        build_dir=build_dir,
        tree=staging.draft(build_dir, typed.name, typed.version),
        python=wanted.python,
    )
    return choose(release, order.formats)


def check(release: Release) -> None:
    """Raise UserError where this release cannot be built here, or not from its lock."""
    found, typed, build_dir = release.project, release.settings, release.build_dir
    assets.check(release)
    if typed.sign == sigstore.WORD:
        sigstore.check()
    elif typed.sign:
        signing.check(signing.key(typed.sign, found.root))
    # Late: a lock that was checked before is not read again.
    from relforge.layers.deps import lockfiles  # noqa: PLC0415 - late, as it says above

    if typed.lock is not None:
        lockfiles.check(found.root / typed.lock, found, typed, release.python, release.target)
    elif any(lockfiles.wanted(found, typed)):
        raise UserError(
            f"{found.root}: the project has dependencies, and there is no lock of them",
            hint="type: relforge lock",
        )
    for folder in (found.root / "dist", found.root / "_build", build_dir.parent, build_dir):
        if os.path.lexists(folder) and not folder.is_dir():
            raise UserError(
                f"{folder}: relforge writes to a folder of that name, and this is none",
                hint=f"move it out of the way: mv {folder} {folder}.saved",
            )


def _warn_of_the_builder(found: Project, typed: Settings) -> None:
    """Warn where the builder itself would go into the release, with all that it depends on."""
    for project in (found, *found.members):
        for where, text in _asked(project, typed):
            if _names_the_builder(text):
                log.warning(
                    "%s: %s: relforge itself, the builder, goes into the release, with its "
                    "dependencies; for `from relforge.runtime import config` in development, put "
                    "relforge-runtime into a development group instead: a release brings its own "
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


def _lock_name(found: Project, setting: object) -> str | None:
    if isinstance(setting, str):
        return setting  # whether it is there is looked at when something is built
    path = lockfile.find(found.root, None)
    return lockfile.name(found.root, path) if path else None


def _check_paths(found: Project, typed: Settings) -> None:
    """Refuse settings that name what is not in the project."""
    named = [
        (f"overlays[{index}].{overlay.kind}", overlay.source)
        for index, overlay in enumerate(typed.overlays)
        if overlay.kind in ("copy", "template")
    ]
    if typed.assets.run:
        named.append(("assets.cwd", typed.assets.cwd))
    named += [(f"app[{index}]", path) for index, path in enumerate(typed.app or ())]
    for key, path in named:
        place = found.root / path
        if not place.exists():
            raise SettingsError(
                f"tool.relforge.{key}: there is no {path!r} in {found.root}",
                hint="paths are relative to the project",
            )
        if not (place.is_file() or place.is_dir()):
            error = cache.special(path, place.stat().st_mode)
            raise SettingsError(f"tool.relforge.{key}: {error.message}", hint=error.hint)
    if typed.lock is not None and not (found.root / typed.lock).is_file():
        raise SettingsError(
            f"tool.relforge.lock: there is no {typed.lock!r} in {found.root}",
            hint="type: relforge lock",
        )


def _source_date(root: Path) -> int:
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return git.commit_time(root) or EPOCH
    if not (given.isascii() and given.isdigit()) or int(given) > LATEST:
        raise SettingsError(
            f"SOURCE_DATE_EPOCH={given}: expected seconds since 1970, a whole number, at most "
            f"{LATEST} (in the year 2242): the last moment that an archive can tell",
            hint="unset it, or: export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)",
        )
    return int(given)
