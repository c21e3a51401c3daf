"""As whom the code of a release runs when root types a command.

root installs and upgrades, and the service's user owns the state directory.  Code of
the release that a command has to run is run as that user.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    User = tuple[int, int]  # uid, gid


def of_state(state: str) -> User | None:
    """The owner of the state directory where root asks and it is somebody else's, else None.

    A state directory that is still missing is owned by nobody: so does root's own.
    """
    if os.geteuid() != 0:
        return None
    try:
        status = os.stat(state)
    except OSError:
        return None
    return (status.st_uid, status.st_gid) if status.st_uid != 0 else None
