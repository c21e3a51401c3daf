"""The fixtures of the tests that build."""

from tests.release.conftest import built, disk, shop, warm

__all__ = ["built", "disk", "shop", "warm"]
