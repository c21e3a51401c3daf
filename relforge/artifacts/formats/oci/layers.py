"""The layers of an image: the release's own, and a directory for its state.

The release is in ``/opt/<name>``, without its version, and the files of
``python`` and ``deps`` are all of 1980: so these layers are the same blobs in the
next version's image, and a registry or host that has them takes nothing again.
"""

from __future__ import annotations

import hashlib
import json
from itertools import groupby

from relforge import cache
from relforge.artifacts.formats import dist, tar_members, tarstream
from relforge.artifacts.formats.codecs import GZIP, ZSTD, Codec
from relforge.artifacts.formats.dist import Piece
from relforge.artifacts.formats.oci.blobs import Blob
from relforge.artifacts.formats.tarstream import END
from relforge.model.release import Release

USER = 65532  # "nonroot" of many base images
CONSTANT = 315_532_800  # 1980-01-01
STABLE = ("python", "deps")  # layers that a new version mostly leaves as they are
CODECS = {"gzip": GZIP, "zstd": ZSTD}
LAYER = "application/vnd.oci.image.layer.v1.tar+"


def layers(release: Release) -> tuple[Blob, ...]:
    """In order; each a pure function of its files."""
    codec = CODECS[release.settings.oci.compression]
    packed = tar_members.pack(
        release,
        codec,
        root(release),
        lambda layer: CONSTANT if layer in STABLE else release.source_date,
    )
    end = tar_members.end(codec)
    rows: list[tuple[Piece, ...]] = [
        (*part, end) for _, part in groupby(packed, lambda member: member.layer)
    ]
    directory = tarstream.header(state(release), CONSTANT, None, owner=USER) + END
    rows.append((codec.compressed(directory),))
    return tuple(_layer(release, codec, row) for row in rows)


def _layer(release: Release, codec: Codec, pieces: tuple[Piece, ...]) -> Blob:
    """Its digests are kept in the cache: the second is that of what was compressed."""
    key = cache.key(*(dist.identity(piece) for piece in pieces))
    note = cache.home() / "blobs" / f"{key}.json"
    try:
        digest, diff_id = json.loads(note.read_bytes())
    except (OSError, ValueError):
        packed, plain = hashlib.sha256(), hashlib.sha256()
        for piece in pieces:
            reader = codec.read()
            for chunk in dist.chunks(piece):
                packed.update(chunk)
                plain.update(reader.decompress(chunk))
        digest, diff_id = packed.hexdigest(), plain.hexdigest()
        cache.keep(note, json.dumps([digest, diff_id]).encode())
    kind = f"{LAYER}{release.settings.oci.compression}"
    return Blob(kind=kind, digest=digest, pieces=pieces, diff_id=diff_id)


def root(release: Release) -> str:
    """Where the release is in the image."""
    return f"opt/{release.name}"


def state(release: Release) -> str:
    """The directory of the image's user; a volume is mounted here."""
    return f"var/lib/{release.name}"
