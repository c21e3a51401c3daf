"""Sizes as people write them."""

from __future__ import annotations

import re

import pytest

from relforge.support import bytesize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500 MB", 500_000_000),
        ("1.5g", 1_500_000_000),
        ("7", 7),
        ("7 B", 7),
        ("2k", 2000),
        ("None", None),
    ],
)
def test_a_size_is_read(text: str, expected: int | None) -> None:
    assert expected == bytesize.size(text)


@pytest.mark.parametrize("text", ["", "MB", "-1", "1 GiB", "1e3", "5 m b"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        bytesize.size(text)
