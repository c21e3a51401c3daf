"""``[tool.relforge.nodes]``: how a release finds the other nodes of its fleet."""

from __future__ import annotations

from relforge.project.settings.table import Table
from relforge.runtime.contract.tables import NEEDS, Nodes


def read_nodes(table: Table) -> Nodes:
    """The strategy with what it needs; raises SettingsError for what belongs to another one."""
    result = Nodes(**table.record(Nodes))
    needed = NEEDS.get(result.strategy)
    if needed and not getattr(result, needed):
        raise table.error(needed, f'required for strategy = "{result.strategy}"')
    for strategy, key in NEEDS.items():
        if key != needed and getattr(result, key):
            raise table.error(key, f'this is for strategy = "{strategy}"')
    if not result.connect:
        raise table.error("connect", "expected a program and its arguments")
    table.finish()
    return result
