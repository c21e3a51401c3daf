"""``[tool.relforge.upgrade]``: when a version that has taken over is trusted."""

from __future__ import annotations

from relforge.project.settings.table import Table
from relforge.runtime.contract.tables import Upgrade


def read_upgrade(table: Table) -> Upgrade:
    """How long it is watched, and what is asked meanwhile; raises SettingsError."""
    result = Upgrade(**table.record(Upgrade))
    table.finish()
    return result
