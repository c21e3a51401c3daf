"""What stands beside an artifact: its digest, how it was made, and who vouches for it.

    <artifact>.sha256             as sha256sum(1) writes it
    <artifact>.provenance.json    in-toto statement v1 with SLSA provenance v1
    <artifact>.sha256.sig         where there is a key: see `relforge.artifacts.signing`
    <artifact>.sigstore.json      with sigstore: see `relforge.artifacts.sigstore`

The provenance names neither the build host nor any time but the release's own:
the same release gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import relforge
from relforge import cache
from relforge.artifacts import signing, sigstore
from relforge.model.release import Artifact, Release
from relforge.project import lockfile

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "tag:relforge,2026:release/v1"
BUILDER = "tag:relforge,2026:builder"


def step(release: Release) -> Release:
    """Write digest and provenance beside each artifact, and sign where there is a key."""
    key = release.settings.sign
    for artifact in release.artifacts:
        _write(signing.digest_file(artifact.path), f"{artifact.sha256}  {artifact.path.name}\n")
        text = json.dumps(provenance(release, artifact), indent=1, sort_keys=True)
        _write(signing.provenance_file(artifact.path), f"{text}\n")
        if key == sigstore.WORD:
            sigstore.sign(artifact.path)
        elif key:
            signing.sign(artifact.path, signing.key(key, release.project.root))
    return release


def provenance(release: Release, artifact: Artifact) -> dict[str, Any]:
    """The statement about one artifact."""
    date = datetime.fromtimestamp(release.source_date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "_type": STATEMENT,
        "subject": [{"name": artifact.path.name, "digest": {"sha256": artifact.sha256}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "name": release.name,
                    "version": release.version,
                    "env": release.env,
                    "target": str(release.target),
                    "format": artifact.format,
                },
                "internalParameters": {
                    "sourceDate": date,
                    "layers": {row.name: row.key for row in release.layers},
                },
                "resolvedDependencies": list(_materials(release)),
            },
            "runDetails": {
                "builder": {
                    "id": BUILDER,
                    "version": {"relforge": relforge.__version__},
                },
                "metadata": {"startedOn": date, "finishedOn": date},
            },
        },
    }


def _materials(release: Release) -> Iterator[dict[str, Any]]:
    """What it was made of: the sources, the locks, the interpreter, the wheels."""
    if release.revision:
        yield {"name": "source", "digest": {"gitCommit": release.revision.removesuffix("-dirty")}}
    root = release.project.root
    for name in lockfile.used(root, release.settings):
        yield {"name": name, "digest": {"sha256": cache.sha256(root / name)}}
    yield {
        "uri": f"pkg:generic/cpython@{release.python.version}",
        "annotations": {"source": release.python.source, "key": release.python.key},
    }
    for row in release.packages:
        yield {
            "name": row.file,
            "uri": f"pkg:pypi/{row.name}@{row.version}",
            "digest": {"sha256": row.sha256},
        }


def _write(path: Path, text: str) -> None:
    """Whole or not at all; what says the same already is left alone."""
    data = text.encode()
    if not path.is_file() or path.read_bytes() != data:
        cache.write(path, data)
