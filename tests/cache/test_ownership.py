"""A cache that others may write to is not used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relforge.cache import ownership
from relforge.support.errors import UserError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


# S12
def test_a_cache_that_everybody_may_write_to_is_refused(place: Path) -> None:
    ownership.check()  # it is still missing
    place.mkdir()
    for mode in (0o700, 0o755, 0o775):
        place.chmod(mode)
        ownership.check()
    for mode in (0o777, 0o1777, 0o702):
        place.chmod(mode)
        with pytest.raises(UserError, match="this cache is world-writable") as error:
            ownership.check()
        assert f"mkdir -m 700 {place}" in error.value.hint


# S12
@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root")
def test_a_cache_of_another_user_is_refused(place: Path) -> None:
    place.mkdir()
    os.chown(place, 65534, 65534)
    with pytest.raises(UserError, match="owned by uid 65534") as error:
        ownership.check()
    assert "set RELFORGE_CACHE_DIR to your own directory" in error.value.hint
