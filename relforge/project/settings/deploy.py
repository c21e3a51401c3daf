"""``[tool.relforge.deploy.<name>]``: the hosts that a release goes to."""

from __future__ import annotations

import re

from relforge.model.deploy import Deploy
from relforge.project.settings.table import Table

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]*")


def read_deploy(name: str, table: Table) -> Deploy:
    """One deployment; raises SettingsError."""
    result = Deploy(name=name, **table.record(Deploy))
    if not result.hosts:
        raise table.error("hosts", "expected the hosts of this deployment")
    for index, host in enumerate(result.hosts):
        if not _HOST.fullmatch(host):
            raise table.error(f"hosts[{index}]", f"{host!r} is not the name of a host")
        if host in result.hosts[:index]:
            raise table.error(f"hosts[{index}]", f"{host!r} occurs twice")
    table.finish()
    return result
