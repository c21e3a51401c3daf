"""What is different in a lock that was written again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from relforge.layers.deps.pins import Pin


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A package whose version is another one than before; empty: it was not there."""

    name: str
    before: str
    after: str


def changes(before: Iterable[Pin], after: Iterable[Pin]) -> tuple[Change, ...]:
    """The packages whose versions differ, by name."""
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
