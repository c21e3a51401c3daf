"""The file of a package: an ar archive of three members (deb(5))."""

from __future__ import annotations

from relforge.artifacts.formats import dist
from relforge.artifacts.formats.dist import Piece

MAGIC = b"!<arch>\n"


def archive(time: int, control: bytes, data: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The pieces of a package whose control and data are these gzip streams."""
    result: list[Piece] = [MAGIC]
    members: tuple[tuple[str, tuple[Piece, ...]], ...] = (
        ("debian-binary", (b"2.0\n",)),
        ("control.tar.gz", (control,)),
        ("data.tar.gz", data),
    )
    for name, pieces in members:
        size = sum(dist.size(piece) for piece in pieces)
        head = f"{name:<16}{time:<12}{0:<6}{0:<6}{'100644':<8}{size:<10}`\n"
        result += [head.encode(), *pieces]
        if size % 2:
            result.append(b"\n")
    return tuple(result)
