"""``[tool.relforge.upgrade]``: when a version that has taken over is trusted."""

from __future__ import annotations

from typing import Any, cast

from relforge.model.spec import UpgradeSettings
from relforge.project.settings.table import Table

PROBES = ("http", "tcp", "exec")


def read_upgrade(table: Table) -> UpgradeSettings:
    """How long it is watched, and what is asked meanwhile; raises SettingsError."""
    default = UpgradeSettings()
    result = UpgradeSettings(bake=table.seconds("bake", default.bake), health=_health(table))
    table.finish()
    return result


def _health(table: Table) -> dict[str, Any] | None:
    value = table.raw("health", None)
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in PROBES:
        raise table.error(
            "health",
            "what is asked is not said",
            hint='{ http = URL }, { tcp = "host:port" } or { exec = ["command", "argument"] }',
        )
    return cast("dict[str, Any]", value)
