"""The release tests itself, in its staging folder: every rule is one row of a table.

A rule is a function that looks at a release and yields findings.  All of them
are told together; an error ends the build before the tree gets its final name,
a warning is told at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from relforge.checks import (
    build_paths,
    entry_points,
    imports,
    leftovers,
    native,
    placement,
    requirements,
    secrets,
    verdict,
)
from relforge.model.release import Finding, Release

Rule = Callable[[Release], Iterator[Finding]]

RULES: dict[str, Rule] = {
    "libraries": native.libraries,  # every library is inside or glibc's
    "machine": native.machine,  # every program is for the release's CPU
    "glibc": native.glibc,  # none needs a newer glibc than the target has
    "run-paths": build_paths.run_paths,  # libraries are looked for beside the file
    "build-paths": build_paths.rule,  # nothing names a place of this host
    "secrets": secrets.rule,  # no key, token or password goes along
    "modes": placement.modes,  # nothing is set-uid or for everybody to write to
    "links": placement.links,  # every link leads to something of the release
    "leftovers": leftovers.rule,  # nothing got in by accident
    "requirements": requirements.rule,  # packages agree with each other
    "imports": imports.rule,  # the release has what the application imports
    "entry-points": entry_points.rule,  # whatever settings name can be imported
}


def step(release: Release) -> Release:
    """Apply every rule but those that are skipped; raises Failed where one finds an error."""
    rules = {name: rule for name, rule in RULES.items() if name not in release.settings.check.skip}
    # The last one waits for the release's interpreter; what the others look at is read meanwhile.
    with ThreadPoolExecutor(max_workers=2) as pool:
        asked = [pool.submit(_findings, rule, release) for rule in reversed(rules.values())]
    found = tuple(row for rows in reversed(asked) for row in rows.result())
    warnings = verdict.judge(found, release.settings.check)
    notes = entry_points.unchecked(release)
    return replace(release, findings=warnings, notes=(*release.notes, *notes))


def _findings(rule: Rule, release: Release) -> tuple[Finding, ...]:
    return tuple(rule(release))
