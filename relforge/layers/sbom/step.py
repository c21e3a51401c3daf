"""``release/sbom.cdx.json``: what a release consists of, as CycloneDX 1.6.

The interpreter, each wheel with its digest and licence, each shared library that
came along from the build host, and the packages of npm that made the assets.
The same release gives the same bytes: the serial number is made from the
content, and the time is the release's own.
"""

from __future__ import annotations

import json
from dataclasses import asdict

import relforge
from relforge import cache
from relforge.layers.runtime import console_libraries
from relforge.layers.sbom import npm
from relforge.model import layout
from relforge.model.release import Release
from relforge.tree import draft

FORMAT = "1"


def step(release: Release) -> Release:
    """Write the bill of materials; it is remembered by what decides it."""
    packages = npm.packages(release)
    key = cache.key(
        *("sbom", FORMAT, relforge.__version__, release.name, release.version),
        *(release.env, str(release.revision), str(release.source_date), str(release.target)),
        *(release.python.version, release.python.source),
        *(json.dumps(asdict(row)) for row in packages),
        *(json.dumps(asdict(row)) for row in release.packages),
        *(console_libraries.key(), str(release.settings.console.enabled)),
        *(f"{row.name} {row.key}" for row in release.layers if row.name in ("python", "deps")),
    )
    memo = cache.home() / "notes" / f"sbom-{key}.json"
    try:
        text = memo.read_text(encoding="utf-8")
    except OSError:
        # Late: CycloneDX takes a quarter of a second to import, and most builds know the text.
        from relforge.layers.sbom import bom  # noqa: PLC0415 - late, as it says above

        text = bom.text(release, packages)
        cache.keep(memo, text.encode())
    draft.seal(release, layout.SBOM, text)
    return release
