"""Walking a lock that records who asks for what, as ``uv.lock`` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from relforge.layers.deps.markers import holds
from relforge.layers.deps.pins import Lock, Need, Pin
from relforge.support.errors import UserError


def reached(
    lock: Lock,
    needs: Iterable[Need],
    markers: Mapping[str, str],
    extras: Iterable[str],
    groups: Iterable[str],
) -> Iterator[Pin]:
    """The pins that these needs lead to, each once; raises UserError where one is not there.

    Extras and groups are those of the project; an extra of a package counts
    where somebody asks for the package with it.
    """
    chosen = set(extras)
    left = list(_that_hold(lock, needs, chosen, set(groups), markers))
    seen: dict[int, set[str]] = {}
    while left:
        need = left.pop()
        pin = _of(lock, need, markers)
        known = seen.get(id(pin))
        if known is None:
            yield pin
        elif known >= set(need.extras):
            continue
        wanted = (known or set()) | set(need.extras)
        seen[id(pin)] = wanted
        left.extend(_that_hold(lock, pin.needs, wanted, set(), markers))


def _that_hold(
    lock: Lock,
    needs: Iterable[Need],
    extras: set[str],
    groups: set[str],
    markers: Mapping[str, str],
) -> Iterator[Need]:
    for need in needs:
        if (need.by_extra and need.by_extra not in extras) or (
            need.by_group and need.by_group not in groups
        ):
            continue
        where = f"{lock.path.name} ({need.name})"
        if holds(need.marker, markers, where, extras=extras):
            yield need


def _of(lock: Lock, need: Need, markers: Mapping[str, str]) -> Pin:
    """The pin that is meant; of several versions the one whose condition and version fit."""
    named = [pin for pin in lock.pins if pin.name == need.name]
    found = [pin for pin in named if need.version in (None, pin.version)]
    if len(found) > 1:
        found = [pin for pin in found if _applies(pin, markers)] or found
    if len(found) > 1:
        found = [pin for pin in found if need.specifier.contains(pin.version, True)] or found
    if found:
        return found[0]
    asked = f"{need.name}=={need.version}" if need.version else need.name
    raise UserError(f"{lock.path}: it requires {asked}, but does not contain it", hint=lock.advice)


def _applies(pin: Pin, markers: Mapping[str, str]) -> bool:
    rows = pin.conditions
    return not rows or any(holds(row, markers, pin.where) for row in rows)
