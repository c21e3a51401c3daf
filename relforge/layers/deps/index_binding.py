"""Which index a package is taken from: the one that it is bound to, else the first that has it.

    indexes = [{ name = "corp", url = "...", packages = ["corp-*"] }]

A package that a pattern matches comes from that index alone, and an index with
patterns has nothing else to give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from packaging.utils import canonicalize_name

from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pins import Pin
from relforge.model.spec import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Packages by name, each with its index, and the condition under which it is asked for.

    ``is_strict``: an index with patterns is asked for nothing else.
    """

    names: Mapping[str, Index] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    is_strict: bool = False


def bound(places: PackageSources, name: str) -> Index | None:
    """The index that the package is bound to by a pattern."""
    for index in places.by_priority:
        if any(fnmatchcase(canonicalize_name(name), row.lower()) for row in index.packages):
            return index
    return None


def of_names(places: PackageSources, names: Iterable[str]) -> Binding:
    """The binding of these packages, as far as the settings have one."""
    rows = {canonicalize_name(name): bound(places, name) for name in names}
    return Binding(names={name: index for name, index in rows.items() if index is not None})


def settled(binding: Binding, pins: Iterable[Pin], places: PackageSources) -> Binding | None:
    """The binding with all packages that a first answer has shown; None where it had them all."""
    names, conditions = dict(binding.names), dict(binding.conditions)
    for pin in pins:
        wanted = bound(places, pin.name)
        if wanted is not None and pin.name not in names:
            names[pin.name] = wanted
            if pin.marker is not None:
                conditions[pin.name] = str(pin.marker)
    better = Binding(names=names, conditions=conditions, is_strict=True)
    return None if better == binding else better


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A package that several indexes have, in the order in which these count.

    ``is_mirrored``: they have files in common, so it is the same project on each.
    """

    name: str
    indexes: tuple[Index, ...]
    is_mirrored: bool
