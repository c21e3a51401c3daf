"""How severe a finding is: where its file comes from, and whether anything reaches it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from relforge.checks import imports, native, reach
from relforge.model.origins import Origins
from relforge.model.release import Finding, Release

# One module for each command, which nothing imports before.
_DJANGO_COMMAND = re.compile(r"/management/commands/(?!_)\w+\.py$")
WEIGHED = (imports.RULE, native.LIBRARIES)


def weigh(
    release: Release, findings: Iterable[Finding], loaded: Iterable[str]
) -> Iterator[Finding]:
    """The findings; one of a file that nothing reaches is a warning.

    ``loaded`` are the modules that the release's own interpreter had imported.
    """
    rows = tuple(findings)
    if not any(row.severity == "error" and row.rule in WEIGHED for row in rows):
        yield from rows
        return
    found, origins = reach.of(release, loaded), Origins(release)
    native_ones = found.native(release)
    for row in rows:
        if row.severity == "warning" or row.rule not in WEIGHED:
            yield row
        elif row.rule == imports.RULE:
            yield _of_source(row, found)
        elif origins.kind(row.path) == "wheel" and row.path not in native_ones:
            yield _unloaded(row, origins.name(row.path))
        else:
            yield row


def _of_source(row: Finding, found: reach.Reach) -> Finding:
    if row.path not in found.paths:
        return _less(
            row,
            "no service, command or hook reaches it",
            "ignore this if it is for other programs, such as a plugin for a test tool",
        )
    if _DJANGO_COMMAND.search(row.path):
        return _less(
            row,
            "Django loads it only when that command is run",
            f"ignore this if nobody runs it; otherwise {row.hint}",
        )
    return row


def _less(row: Finding, because: str, hint: str) -> Finding:
    return replace(
        row,
        severity="warning",
        message=f"{row.message}; {because}",
        topic=f"{row.topic}; {because}",
        hint=hint,
    )


def _unloaded(row: Finding, owner: str) -> Finding:
    hint = f"ignore this if the application does not use this part of {owner}"
    return _less(row, "nothing that the application imports uses it", hint)
