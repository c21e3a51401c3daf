"""Which index a package is taken from: the one that it is bound to, else the first that has it.

    indexes = [{ name = "corp", url = "...", packages = ["corp-*"] }]

A package that a pattern matches comes from that index alone, and an index with
patterns has nothing else to give.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from packaging.utils import canonicalize_name

from relforge.layers.deps import index_pages
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.web import Unanswered, Web
from relforge.model.spec import Index
from relforge.support import masking, thread_pool

log = logging.getLogger("relforge.layers.deps")

AT_ONCE = 12


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


def on_several(pins: Iterable[Pin], places: PackageSources) -> dict[str, tuple[Index, ...]]:
    """The packages that more than one index has, and that no pattern binds.

    An index that does not answer is passed over: it has given nothing either.
    """
    free = tuple(index for index in places.by_priority if not index.packages)
    names = [pin.name for pin in pins if pin.source is None and not bound(places, pin.name)]
    if len(free) < 2 or not names:
        return {}
    web = Web(places)

    def have(name: str) -> tuple[Index, ...]:
        return tuple(index for index in free if _has(index, name, web))

    found = dict(thread_pool.each(have, sorted(set(names)), AT_ONCE))
    return {name: rows for name, rows in sorted(found.items()) if len(rows) > 1}


def warn(several: Mapping[str, tuple[Index, ...]]) -> None:
    """Name the packages that are on more than one index, and both indexes."""
    for name, rows in several.items():
        shown = " and ".join(_shown(index) for index in rows)
        log.warning(
            '%s is on %s, and is taken from the first; bind it with packages = ["%s"] in '
            "`indexes` if that is what you mean",
            *(name, shown, name),
        )


def _has(index: Index, name: str, web: Web) -> bool:
    try:
        return bool(index_pages.at_index(index.url, name, web))
    except Unanswered as problem:
        log.debug("%s: %s", index.url, problem.reason)
        return False


def _shown(index: Index) -> str:
    address = masking.bare(index.url)
    return f"{index.name} ({address})" if index.name else address
