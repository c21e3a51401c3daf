"""Reading the image that ours is laid upon: an OCI layout, as a directory or as an archive.

Nothing is unpacked: a blob is copied from where it lies (OCI image-layout 1.1).
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relforge.artifacts.formats.dist import Span
from relforge.support.errors import SettingsError, UserError

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
KEY = "tool.relforge.oci.base"
HOW = "convert any image with: skopeo copy docker://IMAGE oci-archive:base.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """An image: its configuration, and its layers' descriptors with where their blobs lie."""

    digest: str
    config: dict[str, Any]
    layers: tuple[tuple[dict[str, Any], Span], ...]


def load(path: Path, architecture: str) -> Base:
    """The image for linux and that architecture; raises SettingsError."""
    files = _files(path)
    if "index.json" not in files:
        raise SettingsError(f"{KEY}: {path} is not an OCI layout: it has no index.json", hint=HOW)
    try:
        index = json.loads(_text(files["index.json"]))
        found = list(_images(files, index["manifests"]))
        for descriptor, manifest, config in found:
            if (config["os"], config["architecture"]) == ("linux", architecture):
                rows = tuple((row, _blob(files, row)) for row in manifest["layers"])
                return Base(digest=descriptor["digest"], config=config, layers=rows)
        there = ", ".join(f"{row['os']}/{row['architecture']}" for _, _, row in found) or "nothing"
    except (KeyError, TypeError, ValueError, UserError) as error:
        raise SettingsError(f"{KEY}: {path} cannot be used: {error}", hint=HOW) from None
    raise SettingsError(
        f"{KEY}: {path} has no image for linux/{architecture}, only for {there}",
        hint=f"skopeo copy --override-arch {architecture} ...",
    )


def _images(
    files: dict[str, Span], descriptors: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Every image below these descriptors: its own, its manifest, its configuration."""
    for descriptor in descriptors:
        kind = descriptor["mediaType"]
        if kind not in (INDEX, MANIFEST):
            raise ValueError(f"its manifest has the type {kind}; only OCI manifests are supported")
        value = json.loads(_blob(files, descriptor).read())
        if kind == INDEX:
            yield from _images(files, value["manifests"])
        elif "config" in value and value["config"]["mediaType"].endswith("image.config.v1+json"):
            yield descriptor, value, json.loads(_blob(files, value["config"]).read())


def _blob(files: dict[str, Span], descriptor: dict[str, Any]) -> Span:
    algorithm, _, digest = descriptor["digest"].partition(":")
    found = files.get(f"blobs/{algorithm}/{digest}")
    if algorithm != "sha256" or found is None or found.size != descriptor["size"]:
        raise ValueError(f"blob {descriptor['digest']} is missing or incomplete")
    return Span(path=found.path, offset=found.offset, size=found.size, sha256=digest)


def _files(path: Path) -> dict[str, Span]:
    """Every file of the layout, by name; digests are not known yet."""
    if path.is_dir():
        return {
            row.relative_to(path).as_posix(): _span(row, 0, row.stat().st_size)
            for row in path.rglob("*")
            if row.is_file()
        }
    try:
        with tarfile.open(path, "r:") as archive:
            return {
                row.name.removeprefix("./"): _span(path, row.offset_data, row.size)
                for row in archive
                if row.isfile()
            }
    except FileNotFoundError:
        raise SettingsError(f"{KEY}: no such file: {path}", hint=HOW) from None
    except (OSError, tarfile.TarError) as error:
        raise SettingsError(
            f"{KEY}: {path} is not an uncompressed tar archive: {error}", hint=HOW
        ) from None


def _span(path: Path, offset: int, size: int) -> Span:
    return Span(path=path, offset=offset, size=size, sha256="")


def _text(span: Span) -> bytes:
    with span.path.open("rb") as file:
        file.seek(span.offset)
        return file.read(span.size)
