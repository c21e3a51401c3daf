"""``relforge lock`` beside another tool's lock: what `dependencies.add` asks for on top of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name

from relforge import cache
from relforge.layers.deps import (
    added_conflicts,
    added_lock,
    applicable,
    direct_requirements,
    lock_judgment,
    lockfiles,
    project_needs,
    resolve,
    uv_sources,
)
from relforge.layers.deps.lock_changes import Change, changes
from relforge.layers.deps.lock_request import LockRequest
from relforge.layers.deps.markers import holds
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.resolver_question import Resolution
from relforge.project import lock_header, lockfile
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

Upgrade = Iterable[str] | Literal["all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addition:
    """What is added to which lock, and the file that it is locked in."""

    order: LockRequest
    output: Path
    there: tuple[Pin, ...]  # of the other tool's lock, those that go in

    @property
    def base(self) -> Path:
        return self.order.output

    @property
    def rows(self) -> Iterator[tuple[str, str]]:
        """The requirements that count on the target, with their places."""
        for where, text in direct_requirements.added(self.order.settings):
            requirement = direct_requirements.parse(where, text)
            if holds(requirement.marker, self.order.platform.markers, where):
                yield where, text

    @property
    def key(self) -> str:
        return self.order.key_of(self.order.settings.dependencies.add, "added")

    @property
    def is_held(self) -> bool:
        """Whether the other lock holds all of it: plain packages, in versions that fit."""
        known = {pin.name: pin for pin in self.there}
        for where, text in self.rows:
            row = direct_requirements.parse(where, text)
            pin = known.get(canonicalize_name(row.name))
            if pin is None or row.extras or row.url or pin.source is not None:
                return False
            if not row.specifier.contains(pin.version, prereleases=True):
                return False
        return True


def write(
    order: LockRequest, upgrade: Upgrade, resolver: Literal["auto", "pex", "uv"] | None
) -> tuple[Change, ...] | None:
    """Lock what is added, constrained by each version of the other lock, which stays as it is.

    None: nothing was done, since it is up to date or the other lock holds all of it.
    Raises UserError.
    """
    wanted = _addition(order)
    _check_base(wanted)
    _refuse_other_file(wanted.output)
    before = _present(wanted.output)
    if wanted.is_held:
        wanted.output.unlink(missing_ok=True)
        return changes(before, ()) or None
    if not upgrade and _is_current(wanted):
        log.info("%s is up to date", wanted.output.name)
        return None
    kept = _kept(wanted, before, upgrade)
    made = _resolve(wanted, kept, resolver)
    known = {pin.name for pin in wanted.there}
    known |= project_needs.own_names(order.project)
    own = tuple(pin for pin in made.pins if pin.name not in known)
    there = (*wanted.there, *applicable.applying(own, order.platform))
    lock_judgment.judge(
        *(order, lock_judgment.distributions(there, made.asked)),
        f"{wanted.base.name} and {wanted.output.name}: their packages conflict",
    )
    named = {pin.name for pin in made.pins}
    shared = [pin for pin in wanted.there if pin.name in named]
    short, base = order.interpreter.short, lockfile.name(order.project.root, wanted.base)
    text = added_lock.render(own, shared, base, short, wanted.output.parent)
    cache.write(wanted.output, lock_header.seal(text, wanted.key).encode())
    return changes(before, own)


def check(order: LockRequest) -> None:
    """Raise UserError where the lock of what is added is not the one that was written for it.

    Whether its packages fit those of the other lock, `lockfiles.check` has said.
    """
    if order.added is None or not order.added.is_file():
        return
    wanted = _addition(order)
    found = lock_header.read(wanted.output)
    if found is None or not found.intact:
        raise UserError(f"{wanted.output}: edited since relforge wrote it", hint=lockfiles.ADVICE)
    if found.requirements != wanted.key:
        raise UserError(
            f"{wanted.output}: `dependencies.add`, the indexes or the Python version have "
            "changed since it was written",
            hint=lockfiles.ADVICE,
        )


def _addition(order: LockRequest) -> _Addition:
    lock = lockfiles.read(order.output, order.project)
    return _Addition(
        order=order,
        output=order.project.root / order.settings.dependencies.add_lock,
        there=lockfiles.select(lock, order.platform, order.settings),
    )


def _check_base(wanted: _Addition) -> None:
    """Raise where the other lock lacks what the project itself asks for."""
    order = wanted.order
    settings = order.settings
    bare = replace(settings, dependencies=replace(settings.dependencies, add=()))
    lockfiles.check_requirements(wanted.base, order.project, bare, order.platform, wanted.there)


def _refuse_other_file(output: Path) -> None:
    if output.is_file() and lock_header.read(output) is None:
        raise UserError(
            f"{output}: relforge did not write this file and does not overwrite it",
            hint="set `dependencies.add_lock` to another file",
        )


def _present(output: Path) -> tuple[Pin, ...]:
    """What the file holds now; nothing where it cannot be read."""
    if not output.is_file():
        return ()
    try:
        return added_lock.read(output).lock.pins
    except UserError as error:
        log.warning("ignoring the existing lockfile: %s", error.message)
        return ()


def _is_current(wanted: _Addition) -> bool:
    """Whether the file was written for these requirements, and on top of these versions."""
    found = lock_header.read(wanted.output)
    if found is None or not found.intact or found.requirements != wanted.key:
        return False
    try:
        added = added_lock.read(wanted.output)
        own = lockfiles.select(added.lock, wanted.order.platform, wanted.order.settings)
        added_lock.on_top(wanted.base.name, wanted.there, added, own)
    except UserError:
        return False
    return True


def _kept(wanted: _Addition, before: tuple[Pin, ...], upgrade: Upgrade) -> tuple[Pin, ...]:
    """The pins that stay where they fit; raises UserError for a name that is not among them."""
    if upgrade == "all":
        return ()
    names = {canonicalize_name(name) for name in upgrade}
    known = {pin.name for pin in wanted.there}
    for name in sorted(names - {pin.name for pin in before}):
        if name in known:
            command = lockfile.change(wanted.base, name)
            raise UserError(
                f"--upgrade: {name!r} is in {wanted.base.name}, which relforge does not change",
                hint=f"run: {command}" if command else lock_header.advice(wanted.base),
            )
        raise resolve.missing_pin(name)
    return tuple(pin for pin in before if pin.name not in names)


def _resolve(
    wanted: _Addition, kept: tuple[Pin, ...], resolver: Literal["auto", "pex", "uv"] | None
) -> Resolution:
    order, rows = wanted.order, tuple(wanted.rows)
    uv_sources.refuse(order.project.root, rows)
    added_conflicts.refuse(wanted.base, rows, wanted.there)
    who = resolve.choose(resolver or order.settings.packages.resolver)
    limits = tuple(_constraints(wanted.there))
    try:
        made = resolve.resolve(order.question((text for _, text in rows), kept, limits), who)
    except UserError as error:
        raise added_conflicts.explain(error, wanted.base, rows, wanted.there) from None
    lock_judgment.warn_of_shared_names(made.several)
    return made


def _constraints(there: Iterable[Pin]) -> Iterator[str]:
    """The versions of the other lock as a resolver takes them."""
    for pin in there:
        source = pin.source
        if source is not None and source.commit:
            yield f"{pin.name} @ {source}"
        elif source is not None:
            yield f"{pin.name} @ {Path(source.path).as_uri()}"
        elif pin.version != added_lock.UNKNOWN:
            yield f"{pin.name}=={pin.version}"
