"""Pushing: the blobs that are missing, and then the manifest that names them all."""

from __future__ import annotations

from dataclasses import dataclass

from relforge.artifacts.push.image import Image
from relforge.artifacts.push.registry import Registry
from relforge.support import progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Bytes of blobs that went over the wire, of those that the image has."""

    sent: int
    size: int


def send(image: Image, registry: Registry) -> Sent:
    """Push the image.  Until the end nothing refers to what was sent; raises UserError."""
    sent = 0
    for number, (digest, blob) in enumerate(image.blobs.items(), 1):
        progress.report(f"layer {number} of {len(image.blobs)}, {blob.size / 1e6:.1f} MB")
        if not registry.has(digest):
            registry.put_blob(digest, blob)
            sent += blob.size
    registry.put_manifest(image.manifest, image.kind)
    return Sent(sent=sent, size=image.size)
