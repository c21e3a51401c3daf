"""``relforge lock``: resolve the project's dependencies, write them, check whether they fit."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Literal

from packaging.utils import canonicalize_name

from relforge import cache
from relforge.layers.deps import (
    adding,
    applicable,
    contradictions,
    lock_judgment,
    lockfiles,
    pylock_text,
    requirements,
    resolve,
    uv_sources,
)
from relforge.layers.deps.lock_changes import Change, changes
from relforge.layers.deps.lock_request import LockRequest
from relforge.layers.deps.pins import Pin
from relforge.project import lock_header, lockfile
from relforge.support.errors import UserError

__all__ = ["Change", "LockRequest", "check", "is_foreign", "write"]

log = logging.getLogger("relforge.layers.deps")

INPUTS = ("pyproject.toml", "relforge.toml", "setup.py", "setup.cfg", "Pipfile")


def write(
    order: LockRequest,
    *,
    upgrade: Iterable[str] | Literal["all"] = (),
    resolver: Literal["auto", "pex", "uv"] | None = None,
) -> tuple[Change, ...] | None:
    """Write the lock and return what changed in it; None: it is up to date, nothing was done.

    It holds for the interpreter's minor version, on Linux.  Versions stay where
    they fit, but for the packages that are named to be upgraded.  The file
    appears whole.  Raises UserError.
    """
    output = order.output
    _refuse_output(order)
    found = lock_header.read(output)
    if is_foreign(order):
        return _beside(order, upgrade, resolver)
    if found and found.intact and found.requirements == order.key and not upgrade:
        log.info("%s is up to date", output.name)
        return None
    rows = tuple(lockfiles.wanted(order.project, order.settings))
    uv_sources.refuse(order.project.root, rows)
    before = _pins(order)
    names = {canonicalize_name(name) for name in upgrade} if upgrade != "all" else set()
    for name in sorted(names - {pin.name for pin in before}):
        raise resolve.missing_pin(name)
    kept = () if upgrade == "all" else tuple(pin for pin in before if pin.name not in names)
    who = resolve.choose(resolver or order.settings.packages.resolver)
    try:
        made = resolve.resolve(order.question(order.wanted, kept), who)
    except UserError as error:
        raise contradictions.explain(error, rows) from None
    lock_judgment.warn_of_shared_names(made.several)
    there = lock_judgment.distributions(applicable.applying(made.pins, order.platform), made.asked)
    hint = "run: relforge lock --resolver uv" if who == "pex" else ""
    lock_judgment.judge(order, there, f"{who} wrote a lockfile whose packages conflict", hint)
    if found is None and before and not made.pins:
        raise UserError(
            f"{output}: it has {len(before)} packages, but the project requires none: an empty "
            "lockfile does not replace it",
            hint="if that is intended, remove it first",
        )
    text = lock_header.seal(_render(order, made.pins), order.key)
    cache.write(output, text.encode())
    return changes(before, made.pins)


def is_foreign(order: LockRequest) -> bool:
    """Whether another tool wrote the lock, which is then used as it is."""
    return not order.is_named and lockfile.is_foreign(order.output)


def _beside(
    order: LockRequest,
    upgrade: Iterable[str] | Literal["all"],
    resolver: Literal["auto", "pex", "uv"] | None,
) -> tuple[Change, ...] | None:
    """Leave another tool's lock as it is, and lock what is added on top of it."""
    if order.added is not None:
        made = adding.write(order, upgrade, resolver)
        if made is not None:
            return made
    elif upgrade:
        raise UserError(
            f"{order.output}: another tool wrote it, so relforge does not change it",
            hint=_other_way(order),
        )
    check(order)
    return None


def _refuse_output(order: LockRequest) -> None:
    """Refuse to write over what the lock is made from, or in a format of another tool."""
    output = order.output
    writer = lockfile.WRITERS.get(output.name)
    if writer and (order.is_named or not output.is_file()):
        raise UserError(
            f"{output}: relforge reads this format but does not write it", hint=f"run: {writer}"
        )
    root = order.project.root.resolve()
    asked = order.project.requirements
    sources = (*INPUTS, *(asked.files if asked else ()))
    named = order.is_named or not lockfile.is_lock(output)
    if named and output.resolve() in {root / name for name in sources}:
        raise UserError(
            f"{output}: this file is the input of the lockfile, and cannot be its output",
            hint="run: relforge lock --output pylock.toml",
        )
    taken = order.settings.lock
    added = lockfile.beside(root / taken, root, order.settings) if taken else None
    if added and output.resolve() == added:
        raise UserError(
            f"{output}: `relforge lock` writes `dependencies.add` there, on top of {taken}",
            hint="run: relforge lock --output pylock.toml",
        )


def _other_way(order: LockRequest) -> str:
    writer = lockfile.WRITERS.get(order.output.name)
    if writer:
        return f"run: {writer}; or write a separate lockfile: relforge lock -o pylock.toml"
    return lock_header.advice(order.output)


def check(order: LockRequest) -> None:
    """Raise UserError where the lock does not hold what the project asks for; uses no network.

    What the locked packages ask for is looked at in those that were fetched before.
    """
    output = order.output
    if not output.is_file():
        raise UserError(f"{output}: no lockfile", hint=lockfiles.ADVICE)
    lockfiles.check(output, order.project, order.settings, order.interpreter, order.target)
    found = lock_header.read(output)
    if found and found.requirements != order.key:
        raise UserError(
            f"{output}: the requirements, the indexes or the Python version have changed since it "
            "was written",
            hint=lockfiles.ADVICE,
        )
    if found and not found.intact:
        raise UserError(f"{output}: edited since relforge wrote it", hint=lockfiles.ADVICE)
    adding.check(order)
    pins = lockfiles.pins(output, order.project, order.settings, order.platform)
    there = lock_judgment.distributions(pins)
    lock_judgment.judge(order, there, f"{output}: its packages conflict")


def _pins(order: LockRequest) -> tuple[Pin, ...]:
    """What the present lock holds; nothing where there is none that can be read."""
    if not order.output.is_file():
        return ()
    try:
        return lockfiles.read(order.output, order.project).pins
    except UserError as error:
        log.warning("ignoring the existing lockfile: %s", error.message)
        return ()


def _render(order: LockRequest, pins: tuple[Pin, ...]) -> str:
    if order.is_pylock:
        return pylock_text.render(pins, order.interpreter.short, order.output.parent)
    return requirements.render(pins)
