"""``oci``: an image archive, made without a daemon.

    oci-layout index.json manifest.json      the last is for `docker load`
    blobs/sha256/...                         manifest, configuration, layers

Layers are those of the release, each a blob; a base's are copied as they are.
"""

from __future__ import annotations

from relforge.artifacts.formats import dist
from relforge.artifacts.formats.format import Format
from relforge.artifacts.formats.oci.archive import archive
from relforge.artifacts.formats.oci.base import MANIFEST, Base, load
from relforge.artifacts.formats.oci.blobs import of_base, of_json
from relforge.artifacts.formats.oci.config import ARCHITECTURES, configuration
from relforge.artifacts.formats.oci.layers import layers
from relforge.model.release import Artifact, Release

CONFIG = "application/vnd.oci.image.config.v1+json"


def _write(release: Release) -> tuple[Artifact, ...]:
    base = _base(release)
    own = layers(release)
    config = of_json(CONFIG, configuration(release, base, own))
    rows = [row for row, _ in base.layers] if base else []
    manifest = of_json(
        MANIFEST,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor,
            "layers": [*rows, *(layer.descriptor for layer in own)],
        },
    )
    below = [of_base(row, span) for row, span in base.layers] if base else []
    pieces = archive(release, manifest, (config, *below, *own))
    return (dist.write(release, "oci", f"{release.slug}.oci.tar", pieces),)


def _base(release: Release) -> Base | None:
    path = release.settings.oci.base
    if not path:
        return None
    return load(release.project.root / path, ARCHITECTURES[release.target.machine])


def _check(release: Release) -> tuple[str, ...]:
    if _base(release) is not None:
        return ()
    need = "set `tool.relforge.oci.base` to an image that has a shell and glibc"
    return (f"the image contains only the release: {need}",)


def _next(_release: Release, artifacts: tuple[Artifact, ...]) -> tuple[str, ...]:
    (name,) = (row.path.name for row in artifacts)
    return ("on a host that runs containers", f"podman load -i {name}", f"docker load -i {name}")


OCI = Format(write=_write, next=_next, check=_check, prepare=layers)
