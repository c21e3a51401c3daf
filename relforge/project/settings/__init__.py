"""``[tool.relforge]``: merged for an environment, then read into typed values."""

from relforge.project.settings.merge import lay
from relforge.project.settings.read import read
from relforge.project.settings.table import Reading, Table
from relforge.runtime.settings import Merged

__all__ = ["Merged", "Reading", "Table", "lay", "read"]
