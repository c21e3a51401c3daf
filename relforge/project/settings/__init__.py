"""``[tool.relforge]``: merged for an environment, then read into typed values."""

from relforge.project.settings.merge import lay
from relforge.project.settings.read import read
from relforge.project.settings.table import Reading, Table
from relforge.runtime.settings import LaidSettings

__all__ = ["LaidSettings", "Reading", "Table", "lay", "read"]
