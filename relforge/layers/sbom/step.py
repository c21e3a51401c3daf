"""``release/sbom.cdx.json``: what a release consists of, as CycloneDX 1.6.

The interpreter, each wheel with its digest and license, each shared library that
came along from the build host, and the packages of npm that made the assets.
The same release gives the same bytes: the serial number is made from the
content, and the time is the release's own.
"""

from __future__ import annotations

from relforge.layers.sbom import bom, npm
from relforge.model import layout
from relforge.model.release import Release
from relforge.tree import draft


def step(release: Release) -> Release:
    """Write the bill of materials."""
    draft.seal(release, layout.SBOM, bom.text(release, npm.packages(release)))
    return release
