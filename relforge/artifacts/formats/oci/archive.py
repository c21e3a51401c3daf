"""The layout of an image as one tar archive."""

from __future__ import annotations

import re

from relforge.artifacts.formats import dist, tarstream
from relforge.artifacts.formats.dist import Piece
from relforge.artifacts.formats.oci.base import INDEX
from relforge.artifacts.formats.oci.blobs import Blob, encoded
from relforge.artifacts.formats.tarstream import END
from relforge.model.release import Entry, Release


def archive(release: Release, manifest: Blob, blobs: tuple[Blob, ...]) -> tuple[Piece, ...]:
    """The layout as a tar archive, each blob once."""
    tag = re.sub(r"[^A-Za-z0-9_.-]", "-", release.version)[:128]
    name = re.sub(r"[^a-z0-9]+", "-", release.name.lower()).strip("-")
    reference = {"org.opencontainers.image.ref.name": f"{name}:{tag}"}
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{**manifest.descriptor, "annotations": reference}],
    }
    config, *layers = blobs
    docker = [
        {
            "Config": f"blobs/sha256/{config.digest}",
            "RepoTags": [f"{name}:{tag}"],
            "Layers": [f"blobs/sha256/{layer.digest}" for layer in layers],
        }
    ]
    texts = {
        "oci-layout": {"imageLayoutVersion": "1.0.0"},
        "index.json": index,
        "manifest.json": docker,
    }
    files: dict[str, tuple[Piece, ...]] = {path: (encoded(value),) for path, value in texts.items()}
    files |= {f"blobs/sha256/{blob.digest}": blob.pieces for blob in (manifest, *blobs)}
    result: list[Piece] = []
    for path, pieces in sorted(files.items()):
        size = sum(dist.size(piece) for piece in pieces)
        entry = Entry(path=path, mode=0o644, size=size, sha256="")
        result += [
            tarstream.header(path, release.source_date, entry),
            *pieces,
            tarstream.padding(size),
        ]
    return (*result, END)
