"""`python export`: what it refuses, with the option that the user wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.workshop import make

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("3.9", 'error: --version: "3.9" is too old: a release needs 3.11 or newer'),
        ("3.99", 'error: --version: no CPython "3.99" on this host'),
        ("three", "error: --version: 'three' is not a version such as"),
    ],
)
def test_a_version_that_cannot_be_exported_is_refused_by_its_option(
    tmp_path: Path, version: str, said: str
) -> None:
    shop = make(tmp_path / "shop", tmp_path / "cache")
    assert said in shop.refused(1, "python", "export", "--version", version)
