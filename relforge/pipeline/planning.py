"""From a folder and an environment's name to a `Release`.

Every error that a user can make is raised here, before anything is written
(but for what only the assembled tree can tell: see `relforge.checks`).
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from relforge.artifacts import signing, sigstore
from relforge.artifacts.formats import choose
from relforge.layers import python
from relforge.model.release import Interpreter, Release, Target
from relforge.model.spec import BuildRequest, Project, Settings
from relforge.pipeline import staging
from relforge.project import git, members, pyproject, settings, version
from relforge.project.lockfile import find as found_lock
from relforge.project.settings.table import Reading, dotted
from relforge.runtime.settings import Over, is_set_by
from relforge.support.errors import SettingsError, UserError

log = logging.getLogger("relforge.pipeline.planning")

BUILDER = "relforge"  # its name as a distribution
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
    typed, readings = settings.read(
        found,
        merged,
        env,
        version=version.resolve(found, merged.table.get("version")),
        lock=_lock_name(found, merged.table.get("lock")),
    )
    found = replace(found, members=members.load(found, typed.members))
    return Configured(project=found, settings=typed, env=env, readings=readings, over=merged.over)


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
    if any(row.dynamic for row in (found, *found.members)):
        # Late: most projects write what they require.
        from relforge.layers.deps.dynamic_requirements import declared  # noqa: PLC0415 - late, as it says above

        found = declared(found, configured.settings, interpreter)
    _warn_of_the_builder(found, configured.settings)
    return Lockable(
        project=found,
        settings=configured.settings,
        python=interpreter,
        target=Target(system="linux", machine=interpreter.machine),
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
    _check_python(found, release.python)
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
        chosen = [("project.dependencies", project.dependencies)]
        for table, names, rows in (
            ("project.optional-dependencies", typed.dependencies.extras, "optional_dependencies"),
            ("dependency-groups", typed.dependencies.groups, "groups"),
        ):
            chosen += [(f"{table}.{name}", getattr(project, rows).get(name, ())) for name in names]
        for where, texts in chosen:
            if any(_names_the_builder(text) for text in texts):
                log.warning(
                    "%s: %s: relforge itself, the builder, goes into the release, with its "
                    "dependencies; for `from relforge.runtime import config` in development, put "
                    "relforge-runtime into a development group instead: a release brings its own "
                    "copy",
                    project.root / "pyproject.toml",
                    where,
                )


def _names_the_builder(text: str) -> bool:
    try:
        return canonicalize_name(Requirement(text).name) == BUILDER
    except InvalidRequirement:
        return False  # which is reported where requirements are read


def _lock_name(found: Project, setting: object) -> str | None:
    if isinstance(setting, str):
        return setting  # whether it is there is looked at when something is built
    path = found_lock(found.root, None)
    return path.relative_to(found.root).as_posix() if path else None


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
        if not (found.root / path).exists():
            raise SettingsError(
                f"tool.relforge.{key}: there is no {path!r} in {found.root}",
                hint="paths are relative to the project",
            )
    if typed.lock is not None and not (found.root / typed.lock).is_file():
        raise SettingsError(
            f"tool.relforge.lock: there is no {typed.lock!r} in {found.root}",
            hint="type: relforge lock",
        )


def _check_python(found: Project, interpreter: Interpreter) -> None:
    """Refuse an interpreter that the project itself does not support."""
    try:
        supported = SpecifierSet(found.requires_python)
    except InvalidSpecifier as error:
        raise SettingsError(f"project.requires-python: {error}") from None
    if not supported.contains(interpreter.version, prereleases=True):
        raise SettingsError(
            f"tool.relforge.python.version: the release would get CPython {interpreter.version}, "
            f'and the project asks for "{found.requires_python}" (project.requires-python)',
            hint="change one of the two",
        )


def _source_date(root: Path) -> int:
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return git.commit_time(root) or EPOCH
    if not (given.isascii() and given.isdigit()) or int(given) > LATEST:
        raise SettingsError(
            f"SOURCE_DATE_EPOCH={given}: expected seconds since 1970, a whole number",
            hint="unset it, or: export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)",
        )
    return int(given)
