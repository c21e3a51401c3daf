"""Whether a project goes into its release as its wheel, or as its sources are."""

from __future__ import annotations

import re

from relforge.project.init.contents import Contents
from relforge.project.init.names import Names
from relforge.project.init.processes import OwnCommand
from relforge.project.init.wheel_layout import Wheel


def takes_wheel(
    wheel: Wheel,
    chosen: Contents,
    known: Names,
    managers: tuple[OwnCommand, ...],
    extra: tuple[str, ...],
    name: str,
) -> bool:
    """Whether the wheel holds what runs; else sources go in as they are."""
    if not wheel.known:
        return not managers
    if not wheel.rows:
        return False
    if _asks_metadata(known, name):
        return True
    lacking = [row for row in chosen.paths if not in_wheel(wheel, row) and row not in extra]
    return not lacking and (wheel.data or not chosen.data)


def in_wheel(wheel: Wheel, path: str) -> bool:
    """Whether a path of the project, or what it holds, is in the wheel."""
    rows = [source for source, _ in wheel.rows]
    return wheel.place(path) is not None or any(row.startswith(f"{path}/") for row in rows)


def _asks_metadata(known: Names, name: str) -> bool:
    """Whether the application asks for its own version or entry points when it runs."""
    word = re.sub(r"[-_.]+", "-", name).lower()
    for facts in known.modules.values():
        needs = {row for row, _ in facts.needs}
        if needs & {"importlib.metadata", "importlib_metadata", "pkg_resources"}:
            texts = {re.sub(r"[-_.]+", "-", row).lower() for row in facts.texts}
            if word in texts or any(c.endswith("entry_points") for c in facts.calls):
                return True
    return False
