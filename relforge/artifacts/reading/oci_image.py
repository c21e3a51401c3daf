"""``oci``: an image archive (OCI image-layout 1.1); its layers are laid over each other.

The files of a base image are not the release's: what lies outside of
`/opt/<name>` is let be, unless it changes what is in it.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from relforge.artifacts.formats.codecs import Codec
from relforge.artifacts.formats.oci.base import INDEX, MANIFEST
from relforge.artifacts.formats.oci.layers import CODECS
from relforge.artifacts.formats.sections import Section, unpacked
from relforge.artifacts.formats.tarstream import END
from relforge.artifacts.reading.contents import TEXT, ReleaseContents
from relforge.artifacts.reading.packed_sizes import Measure
from relforge.artifacts.reading.tar_archive import CHUNK, TarArchive

_NAMES = re.compile(r"oci-layout|index\.json|manifest\.json|blobs/sha256/[0-9a-f]{64}")
_DIRECTORIES = ("blobs", "blobs/sha256")
_PROGRAM = re.compile(r"/(opt/([^/]+))/bin/\2")
_REMOVED, _OPAQUE = ".wh.", ".wh..wh..opq"  # OCI layer.md, whiteouts


def read(found: ReleaseContents) -> None:
    """Every layer of the image, in order; raises ValueError for any but an image of a release."""
    try:
        _read(found, _files(found))
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise ValueError("its index, manifest or configuration is malformed") from None


def _read(found: ReleaseContents, files: dict[str, Section]) -> None:
    descriptors = json.loads(files["index.json"].read(TEXT))["manifests"]
    if len(descriptors) != 1 or descriptors[0]["mediaType"] != MANIFEST:
        raise ValueError(f"expected {INDEX} with exactly one image")
    manifest = json.loads(_blob(found, files, descriptors[0]).read(TEXT))
    config = json.loads(_blob(found, files, manifest["config"]).read(TEXT))
    words = config["config"]["Entrypoint"]
    program = _PROGRAM.fullmatch(words[0])
    if program is None or len(words) != 1:
        raise ValueError(f"its entry point, {words}, is not the program of a release")
    used = {_path(row) for row in (descriptors[0], manifest["config"], *manifest["layers"])}
    for path in sorted(files.keys() - used):
        if path.startswith("blobs/"):
            found.problem(path, "it is not part of the image")
    _compare_with_dockers(found, files, manifest)
    _take_layers(found, files, manifest["layers"], config["rootfs"]["diff_ids"], program[1])


def _take_layers(
    found: ReleaseContents,
    files: dict[str, Section],
    layers: list[dict[str, Any]],
    digests: list[str],
    root: str,
) -> None:
    if len(digests) != len(layers):
        raise ValueError(f"it has {len(layers)} layers, but its configuration lists {len(digests)}")

    def other(path: str, _member: tarfile.TarInfo, _text: Callable[[], bytes]) -> None:
        directory, _, name = path.rpartition("/")
        hidden = directory if name == _OPAQUE else f"{directory}/{name.removeprefix(_REMOVED)}"
        if name.startswith(_REMOVED) and f"/{root}/".startswith(f"/{hidden}/".replace("//", "/")):
            found.problem(path, "it removes the release again")

    archive = TarArchive(found=found, name="", root=root, other=other, dotted=True, foreign=True)
    if found.measure is not None:
        found.measure = Measure(_codec(layers[-1]["mediaType"]) or CODECS["gzip"])
    for layer, digest in zip(layers, digests, strict=True):
        archive.name = layer["digest"]
        codec, chunks = _codec(layer["mediaType"]), _blob(found, files, layer).chunks()
        total = hashlib.sha256()
        archive.read(_hashed(unpacked(codec, chunks) if codec else chunks, total))
        if digest != f"sha256:{total.hexdigest()}":
            found.problem(archive.name, f"its content does not match {digest}")
    for path in (*found.files, *found.links):
        if path.rpartition("/")[2].startswith(_REMOVED):
            found.problem(path, "it would remove a file from another layer")


def _codec(kind: str) -> Codec | None:
    """The codec of a layer's media type, None where it is not compressed; raises ValueError."""
    _, tar, name = kind.partition(".tar")
    if not tar or (name and name[1:] not in CODECS):
        raise ValueError(f"unsupported layer type: {kind}")
    return CODECS[name[1:]] if name else None


def _compare_with_dockers(
    found: ReleaseContents, files: dict[str, Section], manifest: dict[str, Any]
) -> None:
    """`docker load` reads a manifest of its own, which must say the same."""
    if "manifest.json" not in files:
        return
    rows = json.loads(files["manifest.json"].read(TEXT))
    listed = [(row["Config"], row["Layers"]) for row in rows]
    if listed != [(_path(manifest["config"]), [_path(row) for row in manifest["layers"]])]:
        found.problem(
            "manifest.json", "docker would load a different image than the one index.json names"
        )


def _path(descriptor: dict[str, Any]) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"


def _blob(found: ReleaseContents, files: dict[str, Section], descriptor: dict[str, Any]) -> Section:
    """A blob of the image; what it is not is noted.  Raises ValueError where there is none."""
    path = _path(descriptor)
    if path not in files:
        raise ValueError(f"the blob {descriptor['digest']} is missing")
    blob, total = files[path], hashlib.sha256()
    for _ in _hashed(blob.chunks(), total):
        pass
    if (descriptor["digest"], descriptor["size"]) != (f"sha256:{total.hexdigest()}", blob.size):
        found.problem(path, "its content does not match its digest and size")
    return blob


def _hashed(chunks: Iterable[bytes], total: Any) -> Iterator[bytes]:
    for chunk in chunks:
        total.update(chunk)
        yield chunk


def _files(found: ReleaseContents) -> dict[str, Section]:
    """Every file of the layout, by name."""
    files: dict[str, Section] = {}
    with tarfile.open(found.place, "r:") as tar:
        for row in tar:
            if row.isdir() and row.name in _DIRECTORIES:
                continue  # relforge writes none, skopeo does
            if row.type != tarfile.REGTYPE or not _NAMES.fullmatch(row.name):
                found.problem(row.name, "an image archive written by relforge has no such file")
            elif row.name in files:
                found.problem(row.name, "it is in the archive twice")
            else:
                files[row.name] = Section(path=found.place, offset=row.offset_data, size=row.size)
        end = Section(path=found.place, offset=tar.offset, size=found.size - tar.offset)
    rest = end.read(CHUNK)
    if rest.strip(b"\0"):
        found.problem(found.place.name, "there is data after the end of the archive")
    if len(rest) < len(END):
        found.problem(found.place.name, "the archive is truncated")
    return files
