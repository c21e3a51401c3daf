"""``[tool.relforge]``: merged for an environment, then read into typed values."""

from relforge.settings.merge import Merged, lay
from relforge.settings.read import read
from relforge.settings.table import Reading, Table

__all__ = ["Merged", "Reading", "Table", "lay", "read"]
