"""Packages whose name several indexes have; the indexes are asked."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from relforge.layers.deps import index_pages
from relforge.layers.deps.index_binding import Shared, bound
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.web import Unanswered, Web
from relforge.model.spec import Index
from relforge.support import thread_pool

log = logging.getLogger("relforge.layers.deps")

AT_ONCE = 12


def on_several(names: Iterable[str], places: PackageSources) -> tuple[Shared, ...]:
    """The packages that more than one index has, and that no pattern binds.

    An index that does not answer is passed over: it has given nothing either.
    """
    free = tuple(index for index in places.by_priority if not index.packages)
    wanted = sorted({canonicalize_name(name) for name in names if not bound(places, name)})
    if len(free) < 2 or not wanted:
        return ()
    web = Web(places)

    def look(name: str) -> Shared:
        rows = {index: files for index in free if (files := _files(index, name, web))}
        several = list(rows.values())
        common = any(one & other for one, other in itertools.combinations(several, 2))
        return Shared(name=name, indexes=tuple(rows), is_mirrored=common)

    found = dict(thread_pool.each(look, wanted, AT_ONCE)).values()
    rows = (row for row in found if len(row.indexes) > 1)
    return tuple(sorted(rows, key=lambda row: row.name))


def _files(index: Index, name: str, web: Web) -> frozenset[str]:
    """What identifies the files of the package at the index: digests, else names."""
    try:
        offers = index_pages.at_index(index.url, name, web)
    except Unanswered as problem:
        log.debug("%s: %s", index.url, problem.reason)
        return frozenset()
    return frozenset(offer.sha256 or offer.name for offer in offers)
