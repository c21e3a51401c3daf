"""The fixtures of the tests that build."""

from tests.release.conftest import built, shop, warm

__all__ = ["built", "shop", "warm"]
