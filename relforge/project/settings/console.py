"""``tool.relforge.console``: false, or a table of who may connect, and for how long."""

from __future__ import annotations

from relforge.model.spec import ConsoleSettings
from relforge.project.settings.table import Table


def read_console(above: Table) -> ConsoleSettings:
    """Of the table that holds the key; raises SettingsError."""
    if isinstance(above.data.get("console"), bool):
        return ConsoleSettings(enabled=above.flag("console", True))
    table = above.table("console")
    default = ConsoleSettings()
    result = ConsoleSettings(
        users=table.texts("users", ()),
        group=table.text("group", None),
        idle_timeout=table.seconds("idle_timeout", default.idle_timeout),
    )
    table.finish()
    return result
