"""``tool.relforge.console``: false, or a table of who may connect, and for how long."""

from __future__ import annotations

from relforge.project.settings.table import Table
from relforge.runtime.contract.tables import Console


def read_console(above: Table) -> Console:
    """Of the table that holds the key; raises SettingsError."""
    if isinstance(above.data.get("console"), bool):
        return Console(enabled=above.flag("console", True))
    table = above.table("console")
    result = Console(**table.record(Console))
    table.finish()
    return result
