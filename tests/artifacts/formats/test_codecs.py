"""What is compressed can be joined, verifies itself, and is the same each time."""

from __future__ import annotations

import pytest

from relforge.artifacts.formats.codecs import GZIP, ZSTD, Codec
from relforge.artifacts.formats.sections import unpacked
from relforge.support.zstd import zstd

DATA = bytes(range(256)) * 4096


@pytest.mark.parametrize("codec", [GZIP, ZSTD], ids=lambda codec: codec.suffix)
def test_streams_stay_valid_when_they_are_joined(codec: Codec) -> None:
    packer = codec.start()
    pieces = b"".join(packer.compress(DATA[start : start + 999]) for start in range(0, 9990, 999))
    joined = codec.compressed(DATA) + pieces + packer.flush() + codec.compressed(b"")
    assert DATA + DATA[:9990] == b"".join(unpacked(codec, [joined]))
    assert codec.compressed(DATA) == codec.compressed(DATA)


def test_a_frame_has_the_checksum_of_its_content() -> None:
    frame = ZSTD.compressed(DATA)
    assert frame[4] & 0x04, "Content_Checksum_flag of the frame's header (RFC 8878, 3.1.1.1.1)"
    damaged = frame[:-1] + bytes([frame[-1] ^ 1])
    with pytest.raises(zstd.ZstdError, match="checksum"):
        list(unpacked(ZSTD, [damaged]))
