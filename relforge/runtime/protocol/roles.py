"""The roles in which a supervisor runs `start` or `foreground` of a release: a word behind it.

    start _load      of the release that is to be started next: load its configuration, and answer
    start _resume    this process was the supervisor of another version: go on as this one's

`ps` shows the word.  The command in front of it is what ``env.sh`` finds in
`RELEASE_COMMAND`, so that it decides as for any other start.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

LOAD, RESUME = "_load", "_resume"
# The descriptors that a role works with.
REPLY = "RELFORGE_REPLY_FD"  # LOAD: the socket for the answer
OLD = "RELFORGE_OLD_FD"  # LOAD: the configuration that runs
HANDOVER = "RELFORGE_RESUME_FD"  # RESUME: the state that the supervisor before has left
_KINDS = {LOAD: "socket:", RESUME: "/memfd:relforge-handover"}  # as /proc/PID/fd shows them


def role(argv: Sequence[str], environ: MutableMapping[str, str]) -> str:
    """LOAD, RESUME, or "" where `start` means what it says.

    A supervisor of relforge 0.1.0, which may be the one to be upgraded, passes the
    descriptor without the word.  Then it has to be one: anybody can set a variable.
    """
    for word, variable in ((LOAD, REPLY), (RESUME, HANDOVER)):
        if variable in environ and [*argv[1:]] in ([word], []):
            return word if _is_passed(environ[variable], _KINDS[word]) else ""
    return ""


def _is_passed(text: str, kind: str) -> bool:
    """Whether a descriptor of that number is open, and of that kind."""
    try:
        return text.isdecimal() and os.readlink(f"/proc/self/fd/{text}").startswith(kind)
    except OSError:
        return False


def descriptor(name: str, environ: MutableMapping[str, str] = os.environ) -> int:
    """The descriptor of that variable, which is taken away; -1 without one."""
    text = environ.pop(name, "")
    return int(text) if text.isdecimal() else -1
