"""``[[tool.relforge.overlays]]``: what each row does is the one key that it has of five."""

from __future__ import annotations

from typing import Literal, get_args

from relforge.model.spec import Overlay
from relforge.project.settings.paths import SITE_PACKAGES, inside, of_release
from relforge.project.settings.table import Table
from relforge.support.errors import SettingsError

Kind = Literal["copy", "template", "link", "mkdir", "mode"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MODES = {"0644": 0o644, "0755": 0o755}


def read_overlay(table: Table, name: str, site_packages: str) -> Overlay:
    """One row of the release of that name; raises SettingsError."""
    doing = [kind for kind in KINDS if kind in table.data and kind != "mode"]
    if len(doing) > 1:
        raise SettingsError(
            f"{table.where()}: a row does one thing, but this one has "
            + " and ".join(f"`{kind}`" for kind in doing),
            hint="write a row for each",
        )
    kind: Kind = doing[0] if doing else "mode"
    if kind == "mode" and "mode" not in table.data:
        known = ", ".join(f"`{word}`" for word in KINDS)
        raise SettingsError(
            f"{table.where()}: this row has no action",
            hint=f"set one of {known}; did you mean `copy`?" if "to" in table.data else known,
        )
    source = "" if kind == "mode" else _path(table, kind)
    to = source if kind == "mkdir" else _path(table, "to", site_packages)
    to = of_release(table, "mkdir" if kind == "mkdir" else "to", to, name, site_packages)
    if kind == "mkdir":
        overlay = Overlay(kind=kind, to=to)
    else:
        overlay = Overlay(kind=kind, source=source, to=to, mode=_mode(table, kind))
    table.finish()
    return overlay


def _path(table: Table, key: str, site_packages: str = "") -> str:
    path = inside(table, key, table.text(key, "").replace(SITE_PACKAGES, site_packages))
    if path == "." and key != "copy":
        raise table.error(key, "a path is required")
    return path


def _mode(table: Table, kind: Kind) -> int | None:
    """``"0755"``, or the whole number that TOML makes of ``0o755``."""
    value = table.raw("mode", None)
    if value is None:
        return None
    if kind == "link":
        raise table.error("mode", "a link has no mode")
    if isinstance(value, str) and value in MODES:
        return MODES[value]
    if isinstance(value, int) and not isinstance(value, bool) and value in MODES.values():
        return value
    raise table.error("mode", f"{_shown(value)}{_why_not(value)}", hint='write "0644" or "0755"')


def _why_not(value: object) -> str:
    try:
        mode = int(value, 8) if isinstance(value, str) else value
    except ValueError:
        mode = None
    if not isinstance(mode, int):
        return ' is neither "0644" nor "0755"'
    if mode & 0o7000:
        return " sets the setuid, setgid or sticky bit, which no file of a release may have"
    if mode & 0o022:
        return " allows writing to others than root: files of a release are read-only"
    return ' is neither "0644" nor "0755": the user of the release must be able to read it'


def _shown(value: object) -> str:
    return repr(value) if not isinstance(value, int) else f"0o{value:o}"
