"""Bytes of an artifact on their way to the reader: parts of its file, unpacked, as a stream.

A hostile file must not fill the memory: it is unpacked from small pieces, and
neither what comes out of one nor what comes out of all is without a limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from relforge.artifacts.formats.codecs import Codec

FED = 1 << 10  # bytes: zstd makes 32 MiB of them at most, gzip 1 MiB
READ = 1 << 18
MOST_BYTES = 16 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a file, in bytes."""

    path: Path
    offset: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        """Its bytes; raises EOFError where the file is shorter."""
        left = self.size
        with self.path.open("rb") as file:
            file.seek(self.offset)
            while left:
                chunk = file.read(min(left, READ))
                if not chunk:
                    raise EOFError("the file is shorter than its header says")
                left -= len(chunk)
                yield chunk

    def read(self, most: int) -> bytes:
        """All of it; raises ValueError where it is larger than that."""
        if self.size > most:
            raise ValueError(f"{self.size:,} bytes, more than the allowed {most:,}")
        return b"".join(self.chunks())


def unpacked(codec: Codec, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What these bytes hold: compressed streams, one behind the other, and nothing else.

    Raises EOFError where the last is cut short, ValueError where they hold too
    much, and whatever the codec raises for what it cannot read.
    """
    reader, begun, total = codec.read(), False, 0
    for chunk in chunks:
        for start in range(0, len(chunk), FED):
            data = chunk[start : start + FED]
            while data:
                plain, begun = reader.decompress(data), True
                total += len(plain)
                if total > MOST_BYTES:
                    raise ValueError(f"it unpacks to more than {MOST_BYTES >> 30} GiB")
                if plain:
                    yield plain
                data = b""
                if reader.eof:
                    data, reader, begun = reader.unused_data, codec.read(), False
    if begun:
        raise EOFError("it is truncated")


class Stream:
    """Bytes that come in pieces, read as a file is."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._ahead = bytearray()

    def read(self, size: int) -> bytes:
        """So many bytes; fewer at the end only."""
        while len(self._ahead) < size and (chunk := next(self._chunks, b"")):
            self._ahead += chunk
        data = bytes(self._ahead[:size])
        del self._ahead[:size]
        return data
