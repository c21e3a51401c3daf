"""``steps``: what a release is built by, in order."""

from __future__ import annotations

import re

from relforge.project.settings.table import Table

ASSEMBLE, PACK = "assemble", "pack"
DEFAULT = (ASSEMBLE, PACK)
_ALIASES = {"tar": PACK}  # as `mix release` calls it
_CALL = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def read_steps(table: Table) -> tuple[str, ...]:
    """The names, of which DEFAULT are each there once, in that order; raises SettingsError."""
    names = tuple(_ALIASES.get(name, name) for name in table.texts("steps", DEFAULT))
    for index, name in enumerate(names):
        if name not in DEFAULT and not _CALL.fullmatch(name):
            raise table.error(
                f"steps[{index}]",
                f"{name!r} is neither `assemble` nor `pack`",
                hint='write your own function as "module:function"',
            )
    for name in DEFAULT:
        if names.count(name) != 1:
            times = "is missing" if name not in names else "occurs more than once"
            raise table.error("steps", f"`{name}` {times}", hint=f"the default is {list(DEFAULT)}")
    if names.index(ASSEMBLE) > names.index(PACK):
        raise table.error("steps", "`pack` comes before `assemble`")
    return names
