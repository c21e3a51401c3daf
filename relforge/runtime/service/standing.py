"""What a process of a service may do on its host: whose it is, how urgent, how much it may use."""

from __future__ import annotations

import ctypes
import os
import resource

from ..errors import CONFIG, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PR_SET_DUMPABLE = 4


def limit(service: dict[str, Any]) -> None:
    """Set the priority and the limits; an inherited limit that is lower stays.

    Raises Refusal where we may not.
    """
    standing = service["standing"]
    key = "nice"
    try:
        if standing["nice"]:
            os.setpriority(os.PRIO_PROCESS, 0, standing["nice"])
        for name, value in standing["rlimits"].items():
            key = f"rlimits.{name}"
            number = getattr(resource, f"RLIMIT_{name.upper()}")
            wanted = _possible(value, resource.getrlimit(number)[1])
            resource.setrlimit(number, (wanted, wanted))
    except (OSError, ValueError) as error:
        raise Refusal(f"services.{service['name']}.{key}: {error}", code=CONFIG) from None


def become(standing: dict[str, Any]) -> None:
    """Be the user that the settings name, for good; nothing where they name none.

    The kernel forgets PR_SET_PDEATHSIG with that: see `tether`.  Raises Refusal
    where root lacks the capabilities, as in a unit that takes them away.
    """
    if "uid" not in standing:
        return
    try:
        os.setgroups(standing["groups"])
        os.setresgid(standing["gid"], standing["gid"], standing["gid"])
        os.setresuid(standing["uid"], standing["uid"], standing["uid"])
    except PermissionError as error:
        raise Refusal(
            f"uid {standing['uid']}, gid {standing['gid']}: {error.strerror}: it needs CAP_SETUID "
            "and CAP_SETGID",
            code=CONFIG,
        ) from None
    os.environ.update(standing["environ"])
    # What it starts finds its configuration in /proc/PID/fd.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1)


def _possible(value: int, most: int) -> int:
    if os.geteuid() == 0 or most == resource.RLIM_INFINITY:
        return value
    return most if value == resource.RLIM_INFINITY else min(value, most)
