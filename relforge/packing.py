"""The steps after a tree is finished: its artifacts, and what the project does with them.

They import little: a release that has nothing to do goes through them, too.
"""

from __future__ import annotations

from relforge import attest, extension, formats
from relforge.release import Release
from relforge.sequence import Steps


def step_smoke(release: Release) -> Release:
    """Unpack the artifacts elsewhere, and try them."""
    from relforge.checks import smoke  # noqa: PLC0415  # late: few ask for it

    return smoke(release)


PACK: Steps = (
    ("pack", formats.step),
    ("attest", attest.step),  # where settings ask for it
    ("smoke", step_smoke),  # where settings ask for it
)


def steps(release: Release) -> Steps:
    """From the finished tree to the end; raises UserError where a step is not there."""
    settings = release.settings
    left_out = {
        *(() if settings.check.smoke else ("smoke",)),
        *(() if settings.attest or settings.sign else ("attest",)),
    }
    pack = tuple(row for row in PACK if row[0] not in left_out)
    first = settings.steps.index("pack")
    return extension.between(release, first, len(settings.steps), {"pack": pack})
