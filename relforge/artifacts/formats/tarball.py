"""``tar.gz`` and ``tar.zst``: one directory at the top, the layers one after the other.

[python ...][python ...][deps ...][app ...][release ...][end of archive]
"""

from __future__ import annotations

from relforge.artifacts.formats import dist, tar_members
from relforge.artifacts.formats.codecs import GZIP, ZSTD, Codec
from relforge.artifacts.formats.format import Format
from relforge.model.release import Artifact, Release


def _gz(release: Release) -> tuple[Artifact, ...]:
    return _write(release, "tar.gz", GZIP)


def _zst(release: Release) -> tuple[Artifact, ...]:
    return _write(release, "tar.zst", ZSTD)


def top(release: Release) -> str:
    """The archive's one directory."""
    return f"{release.name}-{release.version}"


def _write(release: Release, kind: str, codec: Codec) -> tuple[Artifact, ...]:
    packed = tar_members.pack(release, codec, top(release))
    pieces: tuple[dist.Piece, ...] = (*packed, tar_members.end(codec))
    return (dist.write(release, kind, f"{release.slug}.{kind}", pieces),)


def _next(release: Release, artifacts: tuple[Artifact, ...]) -> tuple[str, ...]:
    (artifact,) = artifacts
    tar = "tar -xzf" if artifact.format == "tar.gz" else "tar --zstd -xf"
    return (
        "on any host of that kind"
        + ("" if release.python.source == "system" else ", with or without Python"),
        f"{tar} {artifact.path.name}",
        f"{top(release)}/bin/{release.name} {'start' if release.settings.services else 'help'}",
    )


GZ = Format(write=_gz, next=_next, prepare=lambda row: tar_members.pack(row, GZIP, top(row)))
ZST = Format(write=_zst, next=_next, prepare=lambda row: tar_members.pack(row, ZSTD, top(row)))
