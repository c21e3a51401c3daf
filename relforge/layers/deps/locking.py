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
from relforge.layers.deps import lock_header, lockfiles, pylock_text, requirements, resolve
from relforge.layers.deps.package_sources import places
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.platform import Platform, platform
from relforge.model.release import Interpreter, Target
from relforge.model.spec import Project, Settings
from relforge.project.pyproject import read_toml
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

FORMAT = "2"


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
        indexes = [f"{index.url} {index.default}" for index in self.settings.packages.indexes]
        facts = (
            kind,
            self.interpreter.short,
            machine,
            *indexes,
            *self.settings.packages.find_links,
        )
        return cache.key("lock", FORMAT, *facts, "", *self.wanted)


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
    if output.name == "uv.lock":
        raise UserError(f"{output}: relforge does not write uv's own format", hint="type: uv lock")
    found = _seal(output)
    if found and found.intact and found.requirements == order.key and not upgrade:
        log.info("%s is up to date", output.name)
        return None
    _refuse_uv_sources(order)
    before = _pins(order)
    names = {canonicalize_name(name) for name in upgrade} if upgrade != "all" else set()
    for name in sorted(names - {pin.name for pin in before}):
        raise resolve.missing_pin(name)
    kept = () if upgrade == "all" else tuple(pin for pin in before if pin.name not in names)
    question = resolve.Question(
        requirements=order.wanted,
        kept=kept,
        python=order.python,
        target=order.platform,
        places=places(order.settings.packages, order.project.root),
        root=order.project.root,
    )
    pins = resolve.resolve(question, resolve.choose(resolver or order.settings.packages.resolver))
    text = lock_header.seal(_render(order, pins), order.key)
    cache.write(output, text.encode())
    return _changes(before, pins)


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
    """Raise UserError where the lock does not hold what the project asks for; uses no network."""
    output = order.output
    if not output.is_file():
        raise UserError(f"{output}: there is no lock", hint=lockfiles.ADVICE)
    lockfiles.check(output, order.project, order.settings, order.interpreter, order.target)
    found = _seal(output)
    if found and found.requirements != order.key:
        raise UserError(
            f"{output}: the requirements, the indexes or the Python version have changed since it "
            "was written",
            hint=lockfiles.ADVICE,
        )
    if found and not found.intact:
        raise UserError(f"{output}: it was edited since it was written", hint=lockfiles.ADVICE)


def _seal(path: Path) -> lock_header.Seal | None:
    try:
        return lock_header.find(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


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
