"""Where the requirements stand that a resolver says contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.support.errors import UserError

# As uv says it, and as `pex_errors` does.
_SAID = re.compile(r"are incompatible|are unsatisfiable|contradict each other|cannot be used")
_LIMITED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*[<>=!~]")


def explain(error: UserError, rows: Iterable[tuple[str, str]]) -> UserError:
    """The error of a resolver, with the place of each direct requirement that it names.

    ``rows`` are those requirements with their places; an error of another kind is as it was.
    """
    if not _SAID.search(error.message):
        return error
    places = list(_places(error.message, rows))
    if not places:
        return error
    listed = "".join(f"\n    `{text}` is in {where}" for where, text in places)
    return UserError(f"{error.message}{listed}", hint=error.hint or "loosen one of them")


def _places(message: str, rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    named = {canonicalize_name(name) for name in _LIMITED.findall(message)}
    for where, text in rows:
        try:
            row = Requirement(text)
        except InvalidRequirement:
            continue  # refused before, with its place
        if row.specifier and canonicalize_name(row.name) in named:
            yield where, text
