"""Walking a lock that tells who asks for what, as ``uv.lock`` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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
    left = list(_that_hold(needs, chosen, set(groups), markers))
    seen: dict[int, set[str]] = {}
    while left:
        need = left.pop()
        pin = _of(lock, need)
        known = seen.get(id(pin))
        if known is None:
            yield pin
        elif known >= set(need.extras):
            continue
        wanted = (known or set()) | set(need.extras)
        seen[id(pin)] = wanted
        left.extend(_that_hold(pin.needs, wanted, set(), markers))


def _that_hold(
    needs: Iterable[Need], extras: set[str], groups: set[str], markers: Mapping[str, str]
) -> Iterator[Need]:
    for need in needs:
        if (need.by_extra and need.by_extra not in extras) or (
            need.by_group and need.by_group not in groups
        ):
            continue
        if need.marker is None or need.marker.evaluate({**markers, "extra": ""}):
            yield need


def _of(lock: Lock, need: Need) -> Pin:
    for pin in lock.pins:
        if pin.name == need.name and need.version in (None, pin.version):
            return pin
    asked = f"{need.name}=={need.version}" if need.version else need.name
    raise UserError(f"{lock.path}: it asks for {asked}, and does not hold it", hint="type: uv lock")
