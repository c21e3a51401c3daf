"""``[tool.relforge]``: merged for an environment, then read into typed values."""

from relforge.settings.merge import for_environment
from relforge.settings.read import read
from relforge.settings.table import Reading, Table

__all__ = ["Reading", "Table", "for_environment", "read"]
