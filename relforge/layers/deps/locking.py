"""``relforge lock``: resolve the project's dependencies, write them down, tell whether they fit."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from relforge import cache
from relforge.layers.deps import (
    consistency,
    lock_header,
    lockfiles,
    pylock_text,
    requirements,
    resolve,
    wheel_metadata,
)
from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.index_binding import Shared
from relforge.layers.deps.markers import holds
from relforge.layers.deps.package_sources import places
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.platform import Platform, platform
from relforge.model.release import Interpreter, Target
from relforge.model.spec import Project, Settings
from relforge.project import lockfile
from relforge.project.toml_document import read_toml
from relforge.support import masking
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

FORMAT = "3"
INPUTS = ("pyproject.toml", "relforge.toml", "setup.py", "setup.cfg", "Pipfile")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """Which lock is wanted: of whose requirements, for which Python, in which file.

    The file's name tells the format: ``pylock.toml``, ``pylock.<name>.toml``, or
    any other name for a hashed requirements file, which holds no addresses.
    """

    project: Project
    settings: Settings
    interpreter: Interpreter
    target: Target
    output: Path
    is_named: bool = False  # on the command line: a file that another tool wrote is replaced

    @property
    def wanted(self) -> tuple[str, ...]:
        """The direct requirements, sorted."""
        return tuple(sorted({text for _, text in lockfiles.wanted(self.project, self.settings)}))

    @property
    def python(self) -> Path | None:
        """The interpreter that asks packages what they need; None: there is none on this host."""
        here = self.interpreter.machine == os.uname().machine
        return self.interpreter.helper if here else None

    @property
    def platform(self) -> Platform:
        return platform(self.interpreter, self.target)

    @property
    def is_pylock(self) -> bool:
        return self.output.suffix == ".toml"

    @property
    def key(self) -> str:
        """What the lock depends on, besides the time of its making."""
        machine = self.target.machine if self.python is None else ""
        kind = "pylock" if self.is_pylock else "requirements"
        indexes = [
            f"{index.url} {index.default} {' '.join(index.packages)}".rstrip()
            for index in self.settings.packages.indexes
        ]
        facts = (
            kind,
            self.interpreter.short,
            machine,
            *indexes,
            *self.settings.packages.find_links,
        )
        asked = self.project.requirements
        limits = sorted(row.text for row in asked.constraints) if asked else ()
        return cache.key("lock", FORMAT, *facts, "", *self.wanted, "", *limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A package whose version is another one than before; empty: it was not there."""

    name: str
    before: str
    after: str


def write(
    order: LockRequest,
    *,
    upgrade: Iterable[str] | Literal["all"] = (),
    resolver: Literal["auto", "pex", "uv"] | None = None,
) -> tuple[Change, ...] | None:
    """Write the lock and tell what changed in it; None: it is up to date, nothing was done.

    It holds for the interpreter's minor version, on Linux.  Versions stay where
    they fit, but for the packages that are named to be upgraded.  The file
    appears whole.  Raises UserError.
    """
    output = order.output
    _refuse_output(order)
    found = lock_header.read(output)
    if is_foreign(order):
        if upgrade:
            raise UserError(
                f"{output}: another tool wrote it, and relforge changes nothing in it",
                hint=_other_way(order),
            )
        check(order)
        return None
    if found and found.intact and found.requirements == order.key and not upgrade:
        log.info("%s is up to date", output.name)
        return None
    _refuse_uv_sources(order)
    before = _pins(order)
    names = {canonicalize_name(name) for name in upgrade} if upgrade != "all" else set()
    for name in sorted(names - {pin.name for pin in before}):
        raise resolve.missing_pin(name)
    kept = () if upgrade == "all" else tuple(pin for pin in before if pin.name not in names)
    who = resolve.choose(resolver or order.settings.packages.resolver)
    question = _question(order, kept)
    made = resolve.resolve(question, who)
    _warn(made.several)
    _verify(order, made, who)
    if found is None and before and not made.pins:
        raise UserError(
            f"{output}: it holds {len(before)} packages, and the project asks for none: an empty "
            "lock does not replace it",
            hint="remove it first, if that is what you want",
        )
    text = lock_header.seal(_render(order, made.pins), order.key)
    cache.write(output, text.encode())
    return _changes(before, made.pins)


def _warn(several: Iterable[Shared]) -> None:
    """Name the packages that are other projects on other indexes, and both indexes."""
    for row in several:
        if row.is_mirrored:
            continue
        shown = " and ".join(
            f"{index.name} ({masking.bare(index.url)})" if index.name else masking.bare(index.url)
            for index in row.indexes
        )
        log.warning(
            "%s is on %s, with other files, and is taken from the first; bind it with "
            'packages = ["%s"] in `indexes` if that is what you mean',
            *(row.name, shown, row.name),
        )


def is_foreign(order: LockRequest) -> bool:
    """Whether another tool wrote the lock, which is then used as it is."""
    output = order.output
    if order.is_named or not output.is_file():
        return False
    return output.name in lockfile.WRITERS or lock_header.read(output) is None


def _question(order: LockRequest, kept: tuple[Pin, ...]) -> resolve.Question:
    asked = order.project.requirements
    return resolve.Question(
        requirements=order.wanted,
        kept=kept,
        python=order.python,
        target=order.platform,
        places=places(order.settings.packages, order.project.root),
        root=order.project.root,
        constraints=tuple(row.text for row in asked.constraints) if asked else (),
    )


def _refuse_output(order: LockRequest) -> None:
    """Refuse to write over what the lock is made from, or in a format of another tool."""
    output = order.output
    writer = lockfile.WRITERS.get(output.name)
    if writer and (order.is_named or not output.is_file()):
        raise UserError(
            f"{output}: relforge reads this format and does not write it", hint=f"type: {writer}"
        )
    root = order.project.root.resolve()
    asked = order.project.requirements
    sources = (*INPUTS, *(asked.files if asked else ()))
    named = order.is_named or not lockfile.is_lock(output)
    if named and output.resolve() in {root / name for name in sources}:
        raise UserError(
            f"{output}: the lock is made from this file, and cannot take its place",
            hint="type: relforge lock --output pylock.toml",
        )


def _verify(order: LockRequest, made: resolve.Resolution, resolver: str) -> None:
    """Hold the result against what asked for it; raises UserError where something is missing."""
    known = {row.name: row for row in made.asked}
    there = [
        known.get(row.name, row) if row.requires is None else row
        for row in wheel_metadata.of_pins(_that_apply(order, made.pins))
    ]
    hint = "type: relforge lock --resolver uv" if resolver == "pex" else ""
    _judge(order, there, f"{resolver} made a lock that does not fit", hint)


def _that_apply(order: LockRequest, pins: Iterable[Pin]) -> tuple[Pin, ...]:
    markers = order.platform.markers
    return tuple(pin for pin in pins if holds(pin.marker, markers, pin.where))


def _judge(order: LockRequest, there: Iterable[Distribution], what: str, hint: str) -> None:
    wanted = tuple(lockfiles.wanted(order.project, order.settings))
    allowed = order.settings.check.allow
    found = [
        row
        for row in consistency.problems(wanted, there, order.platform)
        if not row.is_allowed(allowed)
    ]
    for row in found:
        if not row.is_error:
            log.warning("%s", row.message)
    errors = [row for row in found if row.is_error]
    if errors:
        listed = "".join(f"\n    {row.message}" for row in errors)
        passed = ", ".join(f'"{consistency.RULE}:{row.subject}"' for row in errors[:3])
        raise UserError(
            f"{what}:{listed}", hint=hint or f"if that is meant: check.allow = [{passed}]"
        )


def _other_way(order: LockRequest) -> str:
    writer = lockfile.WRITERS.get(order.output.name)
    if writer:
        return f"type: {writer}; or resolve into a lock of your own: relforge lock -o pylock.toml"
    return lock_header.advice(order.output)


def _refuse_uv_sources(order: LockRequest) -> None:
    """Refuse to look for a package at an index that uv was told to take from elsewhere."""
    file = order.project.root / "pyproject.toml"
    data = read_toml(file) if file.is_file() else {}
    sources = data.get("tool", {}).get("uv", {}).get("sources", {})
    elsewhere = {canonicalize_name(name) for name in sources}
    for where, text in lockfiles.wanted(order.project, order.settings):
        name = canonicalize_name(Requirement(text).name)
        if name in elsewhere:
            raise UserError(
                f"{where}: tool.uv.sources says where {name} comes from, and uv alone reads that",
                hint="type: uv lock   (relforge reads uv.lock as it is)",
            )


def check(order: LockRequest) -> None:
    """Raise UserError where the lock does not hold what the project asks for; uses no network.

    What the locked packages ask for is looked at in those that were fetched before.
    """
    output = order.output
    if not output.is_file():
        raise UserError(f"{output}: there is no lock", hint=lockfiles.ADVICE)
    lockfiles.check(output, order.project, order.settings, order.interpreter, order.target)
    found = lock_header.read(output)
    if found and found.requirements != order.key:
        raise UserError(
            f"{output}: the requirements, the indexes or the Python version have changed since it "
            "was written",
            hint=lockfiles.ADVICE,
        )
    if found and not found.intact:
        raise UserError(f"{output}: it was edited since it was written", hint=lockfiles.ADVICE)
    lock = lockfiles.read(output, order.project)
    pins = lockfiles.select(lock, order.platform, order.settings)
    there = wheel_metadata.of_pins(pins)
    _judge(order, there, f"{output}: its packages do not fit together", "")


def _pins(order: LockRequest) -> tuple[Pin, ...]:
    """What the present lock holds; nothing where there is none that can be read."""
    if not order.output.is_file():
        return ()
    try:
        return lockfiles.read(order.output, order.project).pins
    except UserError as error:
        log.warning("the present lock counts for nothing: %s", error.message)
        return ()


def _render(order: LockRequest, pins: tuple[Pin, ...]) -> str:
    if order.is_pylock:
        return pylock_text.render(pins, order.interpreter.short, order.output.parent)
    return requirements.render(pins)


def _changes(before: Iterable[Pin], after: Iterable[Pin]) -> tuple[Change, ...]:
    old, new = _versions(before), _versions(after)
    return tuple(
        Change(name=name, before=old.get(name, ""), after=new.get(name, ""))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def _versions(pins: Iterable[Pin]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for pin in pins:
        version = str(pin.source) if pin.source else str(pin.version)
        found.setdefault(pin.name, []).append(version)
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}
