"""The tables ``check`` and ``strip``: what is looked for in a tree, and what is left out of it."""

from __future__ import annotations

import re

from relforge.model.spec import CHECKS, CheckSettings, StripSettings
from relforge.project.settings.table import Table

_GLIBC = re.compile(r"2\.\d{1,3}")


def read_check(table: Table) -> CheckSettings:
    """The typed table; raises SettingsError."""
    glibc = table.text("glibc", "")
    if glibc and not _GLIBC.fullmatch(glibc):
        raise table.error("glibc", f'{glibc!r} is not a version of glibc such as "2.31"')
    allow = table.texts("allow", ())
    for index, pattern in enumerate(allow):
        rule, _, path = pattern.partition(":")
        if not rule or not path:
            raise table.error(
                f"allow[{index}]",
                f"{pattern!r} is not a rule with a path",
                hint='for instance "secrets:app/static/demo.pem"; `*` matches anything',
            )
        if rule not in CHECKS:
            raise table.error(
                f"allow[{index}]",
                f"unknown rule: {rule!r}",
                hint=f"known: {', '.join(CHECKS)}",
            )
    result = CheckSettings(
        imports=table.flag("import", True),
        env=table.text_mapping("env"),
        config=table.mapping("config"),
        glibc=glibc,
        smoke=table.flag("smoke", False),
        skip=table.choices("skip", (), CHECKS),
        allow=allow,
        warnings_as_errors=table.flag("warnings_as_errors", False),
    )
    table.finish()
    return result


def read_strip(table: Table) -> StripSettings:
    """The typed table; raises SettingsError."""
    result = StripSettings(
        symbols=table.flag("symbols", True),
        tests=table.flag("tests", False),
        sources=table.flag("sources", False),
    )
    table.finish()
    return result
