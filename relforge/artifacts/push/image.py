"""The blobs of an image archive, where they are in its file."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from relforge.artifacts.formats.sections import Section
from relforge.support.errors import UserError

_TEXT = 16 << 20  # bytes of an index or a manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """``blobs`` are those of layers and configuration, by digest (``sha256:...``)."""

    manifest: bytes
    kind: str  # the manifest's media type
    digest: str
    blobs: dict[str, Section]

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(blob.size for blob in self.blobs.values())


def read(path: Path) -> Image:
    """The one image of an archive that relforge wrote; raises UserError.

    What its blobs hold is compared with their digests by the registry that takes them.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            files = {
                row.name: Section(path=path, offset=row.offset_data, size=row.size)
                for row in archive
                if row.isfile()
            }
        (descriptor,) = json.loads(files["index.json"].read(_TEXT))["manifests"]
        text = _blob(files, descriptor["digest"]).read(_TEXT)
        manifest = json.loads(text)
        rows = (manifest["config"], *manifest["layers"])
        blobs = {row["digest"]: _blob(files, row["digest"]) for row in rows}
        return Image(
            manifest=text,
            kind=descriptor["mediaType"],
            digest=descriptor["digest"],
            blobs=blobs,
        )
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path}: this is not an image that relforge wrote: {error}",
            hint="write one with: relforge release --format oci",
        ) from None


def _blob(files: dict[str, Section], digest: str) -> Section:
    place = f"blobs/{digest.replace(':', '/')}"
    if place not in files:
        raise ValueError(f"the blob {digest} is missing")
    return files[place]
