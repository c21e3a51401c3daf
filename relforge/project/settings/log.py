"""``[tool.relforge.log]``: how long the log of `start` grows, and what is kept of it."""

from __future__ import annotations

from relforge.model.spec import LogSettings
from relforge.project.settings.table import Table


def read_log(table: Table) -> LogSettings:
    """A file is rotated by whichever of size and age comes first; raises SettingsError."""
    default = LogSettings()
    result = LogSettings(
        size=table.size("size", default.size),
        age=table.seconds("age", default.age),
        keep=table.whole("keep", default.keep, least=0),
    )
    table.finish()
    return result
