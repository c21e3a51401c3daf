"""The CPythons of this host that a release can take along, as ``3.12``."""

from __future__ import annotations

import sys

from relforge.layers.python import host
from relforge.model.python_version import OLDEST, number

OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"  # the one that runs the tests


def another() -> str | None:
    """The newest before the one that runs the tests, else the newest; None where there is none."""
    found = [probe for _, probe in host.installed() if not host.refusal(probe)]
    minors = {number(row.short) for row in found if row.short != OWN and not row.threaded}
    usable = sorted(minor for minor in minors if minor >= OLDEST)
    older = [minor for minor in usable if minor < sys.version_info[1]]
    return f"3.{(older or usable)[-1]}" if usable else None
