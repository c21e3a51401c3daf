"""Resolving requirements, by uv or by pex."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from relforge.layers.deps import index_binding, pex, pylock, pylock_text, uv
from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.index_binding import Binding, Shared
from relforge.layers.deps.markers import holds
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pex_errors import PexError
from relforge.layers.deps.pins import Lock, Pin
from relforge.layers.deps.platform import Platform
from relforge.model import python_version
from relforge.model.spec import Index
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]")
ROUNDS = 8  # of letting pins go that stand in the way, before all of them are
IN_THE_WAY = re.compile(
    r"(?:The user requested(?: \(constraint\))?|depends on|No matching distribution found for)"
    r" ([A-Za-z0-9._-]+)"
)
# setuptools 82 has it no more, and what was published before asks for any setuptools.
WITH_PKG_RESOURCES = SpecifierSet("<82")
UNSETTLED = re.compile(r"python_full_version|implementation_version|platform_(machine|rel|ver)")
MACHINES = ("x86_64", "aarch64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be resolved, and the pins of the present lock, which stay where they fit."""

    requirements: tuple[str, ...]
    kept: tuple[Pin, ...]
    python: Path | None  # None: for the target's platform alone
    target: Platform
    places: PackageSources
    root: Path
    constraints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The pins, and what each package asks for, as far as the resolver says it.

    ``several`` are the packages that more than one index has.
    """

    pins: tuple[Pin, ...]
    asked: tuple[Distribution, ...] = ()
    several: tuple[Shared, ...] = ()


def choose(resolver: Literal["auto", "pex", "uv"]) -> Literal["pex", "uv"]:
    """Who resolves."""
    if resolver == "auto":
        return "uv" if uv.program() else "pex"
    return resolver


def resolve(question: Question, resolver: Literal["pex", "uv"]) -> Resolution:
    """The pins that apply to Linux and the target's Python; raises UserError."""
    if not question.requirements:
        return Resolution(pins=())
    log.info("resolving with %s", resolver)
    ask = _by_uv if resolver == "uv" else _by_pex
    with tempfile.TemporaryDirectory(prefix="relforge-lock-") as folder:
        made = Path(folder) / "pylock.toml"
        try:
            found = ask(question, made)
        except UserError as error:
            # Late: it is slow to import, as all is that asks a server.
            from relforge.layers.deps import refusals  # noqa: PLC0415 - seldom needed

            raise refusals.explain(
                error, question.places, question.target, question.constraints
            ) from None
        if lacks_pkg_resources(found.pins):
            found = _with_pkg_resources(question, made, ask) or found
    pins = tuple(
        replace(pin, marker=_open(pin, question.target))
        for pin in found.pins
        if _applies(pin, question.target)
    )
    return replace(found, pins=pins)


def lacks_pkg_resources(pins: Iterable[Pin]) -> bool:
    """Whether the setuptools among them is one that has no module `pkg_resources`."""
    return any(
        pin.name == "setuptools" and not pin.source and pin.version not in WITH_PKG_RESOURCES
        for pin in pins
    )


def _with_pkg_resources(
    question: Question, made: Path, ask: Callable[[Question, Path], Resolution]
) -> Resolution | None:
    """The same with an older setuptools: what asks for one at run time mostly imports the module.

    None where somebody asks for a newer one.
    """
    older = (*question.constraints, f"setuptools{WITH_PKG_RESOURCES}")
    made.unlink(missing_ok=True)
    try:
        found = ask(replace(question, constraints=older), made)
    except UserError:
        return None
    log.info("setuptools%s, the last with pkg_resources", WITH_PKG_RESOURCES)
    return found


def _by_uv(question: Question, made: Path) -> Resolution:
    """By the first index that has a package; where that fails, by all that mirror each other."""
    binding, any_index = _binding(question), False
    for _ in range(ROUNDS):
        try:
            found = _ask_uv(question, made, binding, any_index=any_index)
        except UserError as refusal:
            # What is not asked for directly is not looked for at the index that it is bound to.
            named = index_binding.of_names(question.places, NAME.findall(refusal.message)).names
            if binding is not None and named.keys() - binding.names.keys():
                binding = replace(binding, names={**binding.names, **named})
            elif any_index or not _mirror_each_other(question):
                raise
            else:
                log.info("no solution with the first index of each package; trying all indexes")
                any_index = True
            continue
        better = binding and index_binding.settled(binding, found.pins, question.places)
        if better is None:
            several = _several(question, found.pins)
            if any_index:
                _refuse_other_projects(several)
            return Resolution(pins=found.pins, several=several)
        binding = better
    raise UserError(
        "resolving the dependencies: no solution with the indexes that packages are bound to",
        hint="check `packages` in `indexes` of the settings",
    )


def _several(question: Question, pins: Iterable[Pin]) -> tuple[Shared, ...]:
    return _on_several((pin.name for pin in pins if pin.source is None), question)


def _on_several(names: Iterable[str], question: Question) -> tuple[Shared, ...]:
    if sum(not index.packages for index in question.places.indexes) < 2:
        return ()
    # Late: it is slow to import, as all is that asks a server.
    from relforge.layers.deps import shared_names  # noqa: PLC0415 - slow to import, seldom needed

    return shared_names.on_several(names, question.places)


def _mirror_each_other(question: Question) -> bool:
    """Whether there are several indexes, and what is asked for is the same project on each."""
    if sum(not index.packages for index in question.places.indexes) < 2:
        return False
    names = (row.name for row in map(Requirement, question.requirements) if not row.url)
    return all(row.is_mirrored for row in _on_several(names, question))


def _refuse_other_projects(several: Iterable[Shared]) -> None:
    """Refuse an answer of all indexes that may have taken a project for another of its name."""
    for row in several:
        if not row.is_mirrored:
            first, second = (index.name or index.url for index in row.indexes[:2])
            raise UserError(
                f"resolving the dependencies: {row.name} is on {first} and on {second}, with "
                "different files, and the first does not have every required version",
                hint=f'bind it to one: packages = ["{row.name}"] in `indexes` of the settings',
            )


def _binding(question: Question) -> Binding | None:
    """What is asked for directly, by the index that it is bound to; None without any binding."""
    if not any(index.packages for index in question.places.indexes):
        return None
    rows = map(Requirement, question.requirements)
    return index_binding.of_names(question.places, (row.name for row in rows if not row.url))


def _ask_uv(question: Question, made: Path, binding: Binding | None, *, any_index: bool) -> Lock:
    made.unlink(missing_ok=True)
    if question.kept:
        short = python_version.short(question.target.spelled)
        made.write_text(pylock_text.render(question.kept, short, made.parent), encoding="utf-8")
    uv.lock(
        *(question.requirements, question.python, question.target),
        *(question.places, question.root, made),
        constraints=question.constraints,
        binding=binding,
        any_index=any_index,
    )
    return pylock.read(made)


def _by_pex(question: Question, made: Path) -> Resolution:
    """The newest of any index, then of the first that has a package, as uv does it."""
    pins, asked = _ask_pex(question, made, {})
    several = _several(question, pins)
    if not several:
        return Resolution(pins=pins, asked=asked)
    first = {row.name: row.indexes[0] for row in several}
    try:
        pins, asked = _ask_pex(question, made, first)
    except PexError:
        log.info("no solution with the first index of each package; trying all indexes")
        first = {row.name: row.indexes[0] for row in several if not row.is_mirrored}
        pins, asked = _ask_pex(question, made, first)
    return Resolution(pins=pins, asked=asked, several=several)


def _ask_pex(
    question: Question, made: Path, first: Mapping[str, Index]
) -> tuple[tuple[Pin, ...], tuple[Distribution, ...]]:
    """pex takes constraints, no preferences: a pin that a conflict names is let go."""
    kept = {pin.name: pin for pin in question.kept if _fits(pin, question)}
    listed = made.with_name("requirements.in")
    listed.write_text("".join(f"{row}\n" for row in question.requirements), encoding="utf-8")
    constraints = made.with_name("constraints.txt")
    for left in reversed(range(ROUNDS)):
        rows = "".join(f"{row}\n" for row in question.constraints) + _constraints(kept.values())
        constraints.write_text(rows, encoding="utf-8")
        try:
            asked = pex.lock(
                *(listed, constraints, question.python, question.target),
                *(question.places, made, first),
            )
            return pylock.read(made).pins, asked
        except PexError as conflict:
            if not kept:
                raise
            said = IN_THE_WAY.findall(conflict.output)
            named = {canonicalize_name(name) for name in said} & kept.keys()
            log.info("these pins have to change: %s", ", ".join(sorted(named)) or "all")
            kept = {name: pin for name, pin in kept.items() if named and left and name not in named}
    raise AssertionError("the last round keeps no pin, so it succeeds or raises")


def _fits(pin: Pin, question: Question) -> bool:
    """Whether the direct requirements let the pin stay."""
    asked = map(Requirement, question.requirements)
    return pin.source is None and all(
        row.specifier.contains(pin.version, prereleases=True)
        for row in asked
        if canonicalize_name(row.name) == pin.name
    )


def _constraints(pins: Iterable[Pin]) -> str:
    return "".join(f"{pin} ; {pin.marker}\n" if pin.marker else f"{pin}\n" for pin in pins)


def _applies(pin: Pin, target: Platform) -> bool:
    """Whether it may apply to a Linux: to the target, or to any other machine."""
    machines = {*MACHINES, target.machine}
    return any(
        holds(pin.marker, {**target.markers, "platform_machine": machine}, pin.where)
        for machine in machines
    )


def _open(pin: Pin, target: Platform) -> Marker | None:
    """The marker, unless all that it asks for is settled by the lock itself.

    That is for one minor version of CPython on Linux: what holds for its first
    and its last patch on every machine needs no marker.
    """
    marker = pin.marker
    if marker is None or not UNSETTLED.search(str(marker)):
        return None
    minor = ".".join(target.python.split(".")[:2])
    everywhere = (
        {**target.markers, "platform_machine": machine, name: version, "python_version": minor}
        for machine in (*MACHINES, target.machine, "other")
        for version in (f"{minor}.0", f"{minor}.999")
        for name in ("python_full_version", "implementation_version")
    )
    return None if all(holds(marker, row, pin.where) for row in everywhere) else marker


def applying(pins: Iterable[Pin], target: Platform) -> tuple[Pin, ...]:
    """Those that apply to the target itself."""
    return tuple(pin for pin in pins if holds(pin.marker, target.markers, pin.where))


def missing_pin(name: str) -> UserError:
    """The error of a package that is to be upgraded and is not in the lock."""
    return UserError(
        f"--upgrade: {name!r} is not in the lockfile",
        hint="to upgrade all: relforge lock --upgrade",
    )
