"""S19: however much text is in an artifact, reading it keeps a limited part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relforge.artifacts.reading import contents
from relforge.artifacts.reading.contents import ReleaseContents

CHUNK = 1 << 16


def text(size: int) -> Iterator[bytes]:
    return (bytes(CHUNK) for _ in range(size // CHUNK))


def test_the_limit_is_for_the_sum_of_all_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "TEXT", 4 * CHUNK)
    found = ReleaseContents(place=Path("shop-1.0.tar.gz"))
    for number in range(24):
        found.take(f"release/x{number}", 0o644, text(3 * CHUNK))
    assert found.kept <= 4 * CHUNK
    assert sum(map(len, found.texts.values())) <= 4 * CHUNK
    assert {3 * CHUNK} == {row.size for row in found.files.values()}
    said = "with this file, the descriptive files of the release exceed 262,144 bytes"
    assert 23 == len(found.problems)
    assert f"release/x1: {said}" == str(found.problems[0])


def test_what_is_not_descriptive_is_counted_and_not_kept() -> None:
    found = ReleaseContents(place=Path("shop-1.0.tar.gz"))
    found.take("app/movie", 0o644, text(100 * CHUNK))
    assert (0, {}, []) == (found.kept, found.texts, found.problems)
    assert 100 * CHUNK == found.files["app/movie"].size
