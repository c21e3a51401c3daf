"""``[tool.relforge.log]``: how long the log of `start` grows, and what is kept of it."""

from __future__ import annotations

from relforge.project.settings.table import Table
from relforge.runtime.contract.tables import Log


def read_log(table: Table) -> Log:
    """A file is rotated by whichever of size and age comes first; raises SettingsError."""
    result = Log(**table.record(Log))
    table.finish()
    return result
