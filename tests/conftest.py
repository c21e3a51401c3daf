"""What every test gets: a cache of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache that only this test sees."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(folder))
    return folder
