"""What an image is made of, by digest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from relforge import cache
from relforge.artifacts.formats import dist
from relforge.artifacts.formats.dist import Piece, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A blob: its descriptor, and its bytes."""

    kind: str
    digest: str
    pieces: tuple[Piece, ...]
    diff_id: str = ""  # of a layer: the digest of its tar archive

    @property
    def size(self) -> int:
        return sum(dist.size(piece) for piece in self.pieces)

    @property
    def descriptor(self) -> dict[str, Any]:
        return {"mediaType": self.kind, "digest": f"sha256:{self.digest}", "size": self.size}


def of_base(descriptor: dict[str, Any], span: Span) -> Blob:
    """A blob of the image below."""
    return Blob(kind=descriptor["mediaType"], digest=span.sha256, pieces=(span,))


def of_json(kind: str, value: Any) -> Blob:
    """A manifest or configuration."""
    data = encoded(value)
    return Blob(kind=kind, digest=cache.digest(data), pieces=(data,))


def encoded(value: Any) -> bytes:
    """JSON, in the one way that keeps digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
