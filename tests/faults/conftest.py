"""The fixtures of the tests that build, and of those that run what was built."""

from tests.release.conftest import built, disk, shop, warm
from tests.runtime.conftest import mini_release, mini_template

__all__ = ["built", "disk", "mini_release", "mini_template", "shop", "warm"]
