"""The release tests itself, in its staging directory: every rule is one row of a table.

A rule is a function that looks at a release and yields findings.  All of them
are reported together; an error ends the build before the tree gets its final name,
a warning is printed at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from relforge.checks import (
    build_paths,
    bytecode,
    collisions,
    entry_points,
    imports,
    leftovers,
    native,
    package_data,
    placement,
    programs,
    requirements,
    secrets,
    severity,
    startup_code,
    verdict,
    written,
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
    "package-data": package_data.rule,  # wheels of the project have what its packages hold
    "programs": programs.rule,  # what settings run is inside, or on every host
    "collisions": collisions.rule,  # no package writes over another's files
    "bytecode": bytecode.rule,  # bytecode is that of the source beside it
    "startup-code": startup_code.rule,  # no package runs code at each start unseen
    "entry-points": entry_points.rule,  # whatever settings name can be imported
}


def step(release: Release) -> Release:
    """Apply every rule but those that are skipped; raises Failed where one finds an error."""
    rules = {name: rule for name, rule in RULES.items() if name not in release.settings.check.skip}
    imports = rules.pop(entry_points.RULE, None) is not None
    before = written.listing(release) if imports else frozenset()
    # It waits for the release's interpreter; what the others look at is read meanwhile.
    with ThreadPoolExecutor(max_workers=2) as pool:
        asked = pool.submit(entry_points.ask, release) if imports else None
        rows = [pool.submit(_findings, rule, release) for rule in rules.values()]
    answer = asked.result() if asked else entry_points.EntryAnswer(rows=())
    found = [finding for row in rows for finding in row.result()]
    found += entry_points.findings(release, answer)
    left = list(written.rule(release, before)) if imports else []
    found += left if leftovers.RULE in rules else []
    weighed = tuple(severity.weigh(release, found, answer.modules))
    warnings = verdict.judge(weighed, release.settings.check)
    notes = (*entry_points.unchecked(release), *collisions.notes(release))
    return replace(release, findings=warnings, notes=(*release.notes, *notes))


def _findings(rule: Rule, release: Release) -> tuple[Finding, ...]:
    return tuple(rule(release))
