from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.conftest import shop, warm

__all__ = ["shop", "warm"]


@pytest.fixture(autouse=True)
def own_memory(own_cache: Path) -> Path:
    """What the rules remember, they remember for one test."""
    return own_cache
