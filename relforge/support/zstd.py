"""zstd: `compression.zstd`, which Python has since 3.14, or the same module for an older one."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["zstd"]
