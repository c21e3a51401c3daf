"""Indexes that refused a package for want of a login, which resolvers do not always tell."""

from __future__ import annotations

import re

from relforge.layers.deps import index_pages
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.web import REFUSED, Unanswered, Web
from relforge.support.errors import UserError

# As uv says it, and as `pex_words` does.
UNKNOWN = re.compile(
    r"([A-Za-z0-9][\w.-]*) (?:was not found in the package registry|is not to be had)"
)


def explain(error: UserError, places: PackageSources) -> UserError:
    """The error of a resolver, with the indexes that want a login for the package it lacks."""
    unknown = UNKNOWN.search(error.message)
    if unknown is None:
        return error
    web = Web(places)
    refused: list[tuple[str, Unanswered]] = []
    for index in places.indexes:
        try:
            index_pages.at_index(index.url, unknown[1], web)
        except Unanswered as problem:
            if problem.status in REFUSED:
                refused.append((index.url, problem))
    if not refused:
        return error
    rows = "".join(f"\n    {address}: {problem.reason}" for address, problem in refused)
    return UserError(error.message + rows, hint=refused[0][1].hint)
