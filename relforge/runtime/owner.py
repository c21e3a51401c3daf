"""As whom a command that root types runs the code of a release: the service's user.

Root installs and upgrades; the service's user owns the state directory.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    User = tuple[int, int]  # uid, gid


def of_state(state: str) -> User | None:
    """The owner of the state directory, where root asks and it is another user, else None.

    None as well while the directory is missing: root makes it then, and owns it.
    """
    if os.geteuid() != 0:
        return None
    try:
        status = os.stat(state)
    except OSError:
        return None
    return (status.st_uid, status.st_gid) if status.st_uid != 0 else None
