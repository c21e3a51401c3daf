"""What the bytes of a file give away, read once for all rules that ask."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

PIECE = 16 << 20  # bytes of a file that are looked at together
BINARY = 1 << 13  # bytes that show whether a file is text
OVERLAP = 1 << 12  # bytes that the next piece begins with again: no path or token is longer


def places_in(path: Path, places: Sequence[str]) -> list[list[str | int]]:
    """Which of the places the file names, each once, with its first line; 0 in binary files."""
    words = _words(tuple(places))
    found: dict[str, int] = {}
    for data, lines in _pieces(path):
        for place, word, pattern in words:
            if place in found or word not in data:  # far faster than a search by a pattern
                continue
            if b"\0" in data[:BINARY]:  # what stands beside a string there is no part of it
                found[place] = 0
            elif match := pattern.search(data):
                found[place] = lines + data.count(b"\n", 0, match.start()) + 1
    return [[place, line] for place, line in found.items()]


def matches_in(
    path: Path, patterns: Sequence[tuple[str, tuple[bytes, ...], re.Pattern[bytes]]]
) -> Iterator[tuple[str, int, re.Match[bytes]]]:
    """What of the file matches: the pattern's name, the line, the match.

    A pattern comes with its markers, and is tried where the file has one of them.
    """
    for data, lines in _pieces(path):
        for name, markers, pattern in patterns:
            if any(marker in data for marker in markers):
                for match in pattern.finditer(data):
                    yield name, lines + data.count(b"\n", 0, match.start()) + 1, match


@functools.cache
def _words(places: tuple[str, ...]) -> list[tuple[str, bytes, re.Pattern[bytes]]]:
    """Each place with its bytes and its pattern; the same ones are asked for of every file."""
    return [(place, place.encode(), _pattern(place)) for place in places]


def _pattern(place: str) -> re.Pattern[bytes]:
    """The place as a whole: not ``/srv/shop`` in ``/srv/shopping`` or ``/mnt/srv/shop``."""
    end = b"" if place.endswith("-") else rb"(?![\w.-])"
    return re.compile(rb"(?<![\w.-])" + re.escape(place.encode()) + end)


def _pieces(path: Path) -> Iterator[tuple[bytes, int]]:
    """The file in pieces that overlap, each with the number of lines before it."""
    with open(path, "rb", buffering=0) as file:
        data = file.read(PIECE)
        lines = 0
        yield data, lines
        while more := file.read(PIECE):
            lines += data.count(b"\n", 0, len(data) - OVERLAP)
            data = data[-OVERLAP:] + more
            yield data, lines
