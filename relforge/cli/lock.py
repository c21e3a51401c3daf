"""``relforge lock``."""

from __future__ import annotations
