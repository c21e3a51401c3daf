"""The time stamp of everything in a release."""

from __future__ import annotations

import os
from pathlib import Path

from relforge.project import git
from relforge.support.errors import SettingsError

LATEST = 8**11 - 1  # what a tar header's time stamp holds
EPOCH = 315_532_800  # 1980-01-01: for a project that is in no git checkout


def source_date(root: Path) -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH, else the last commit; raises SettingsError."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return git.commit_time(root) or EPOCH
    if not (given.isascii() and given.isdigit()) or int(given) > LATEST:
        raise SettingsError(
            f"SOURCE_DATE_EPOCH={given}: expected a whole number of seconds since 1970, at most "
            f"{LATEST} (in the year 2242), the latest time that an archive can store",
            hint="unset it, or: export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)",
        )
    return int(given)
