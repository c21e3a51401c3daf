"""Whose the cache is: what others may write to, others may put into a release."""

from __future__ import annotations

import os
import stat

from relforge.cache.keys import home
from relforge.support.errors import UserError


def check() -> None:
    """Raise UserError where another user owns the cache, or everybody may write to it.

    Its digests find damage; they do not find somebody who can renew them as well.
    """
    place = home()
    try:
        status = place.stat()
    except OSError:
        return  # it is still missing, or the first use says what is wrong
    if status.st_uid not in (os.geteuid(), 0):
        raise UserError(
            f"{place}: this cache is owned by uid {status.st_uid}, who could change what you build",
            hint=f"set RELFORGE_CACHE_DIR to your own directory, or: chown -R $USER {place}",
        )
    if status.st_mode & stat.S_IWOTH:
        raise UserError(
            f"{place}: this cache is world-writable, so any user of this host could "
            "change what you build",
            hint=f"recreate it with private permissions: rm -r {place} && mkdir -m 700 {place}",
        )
