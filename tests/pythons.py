"""The CPythons of this host that a release can take along, as ``3.12``."""

from __future__ import annotations

import sys

from relforge.layers.python import host

OLDEST = 11
OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"  # the one that runs the tests


def another() -> str | None:
    """The newest that is not the one which runs the tests; None where there is none."""
    found = {probe.short for _, probe in host.installed() if not host.refusal(probe)}
    minors = [int(short.partition(".")[2]) for short in found - {OWN}]
    return max((f"3.{minor}" for minor in minors if minor >= OLDEST), default=None)
