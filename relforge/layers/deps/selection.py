"""What of a lock applies to a target."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from relforge.layers.deps import graph
from relforge.layers.deps.markers import holds
from relforge.layers.deps.pins import Lock, Pin
from relforge.layers.deps.platform import Platform
from relforge.model.spec import Settings
from relforge.support.errors import UserError


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


def _check_python(lock: Lock, target: Platform) -> None:
    if lock.requires_python and not lock.requires_python.contains(target.python, True):
        raise UserError(
            f"{lock.path}: the lockfile is for Python {lock.requires_python}, "
            f"the release has {target.python}",
            hint=lock.advice,
        )
    if lock.environments and not any(
        holds(row, target.markers, lock.path.name) for row in lock.environments
    ):
        raise UserError(
            f"{lock.path}: the lockfile is for platforms other than {target.machine} Linux with "
            f"CPython {target.python}: {', '.join(map(str, lock.environments))}",
            hint=lock.advice,
        )
