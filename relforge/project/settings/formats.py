"""``formats``, and the tables of those that have settings."""

from __future__ import annotations

from typing import Literal, cast

from relforge.model.spec import FORMATS, DebSettings, OciSettings
from relforge.project.settings.paths import inside
from relforge.project.settings.table import Table


def read_formats(table: Table) -> tuple[str, ...]:
    """The names of what `relforge release` writes; raises SettingsError."""
    formats = table.choices("formats", ("tar.gz",), FORMATS)
    if not formats:
        raise table.error("formats", "a release has at least one format")
    return formats


def read_oci(table: Table) -> OciSettings:
    """``[tool.relforge.oci]``; raises SettingsError."""
    compression = table.choice("compression", "gzip", ("gzip", "zstd"))
    result = OciSettings(
        base=table.text("base", ""),
        compression=cast(Literal["gzip", "zstd"], compression),
        env=table.text_mapping("env"),
        labels=table.text_mapping("labels"),
    )
    table.finish()
    return result


def read_deb(table: Table) -> DebSettings:
    """``[tool.relforge.deb]``; raises SettingsError."""
    hardening = table.choice("hardening", "standard", ("basic", "standard", "strict"))
    conffiles = table.text_mapping("conffiles")
    result = DebSettings(
        package=table.text("package", ""),
        maintainer=table.text("maintainer", ""),
        description=table.text("description", ""),
        user=table.text("user", ""),
        depends=table.texts("depends", ()),
        conffiles=tuple(
            (inside(table, f"conffiles.{source}", source), to) for source, to in conffiles.items()
        ),
        hardening=cast(Literal["basic", "standard", "strict"], hardening),
    )
    table.finish()
    return result
