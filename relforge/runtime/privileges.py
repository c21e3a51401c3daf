"""Whose command it is that root types: the owner's of the state directory.

The service's user owns that directory, and what is in it (links, sockets, numbers of
processes) is for that user to write.  A command that root types becomes this user before
it reads there, so it can do no more than that user could.  Commands that change the deploy
root (`install`, `upgrade`) stay root's.
"""

from __future__ import annotations

import os
import sys

from .errors import CONFIG, Refusal

# What writes to the deploy root or to /etc, or reads nothing but the release.
AS_ROOT = frozenset(
    {
        *("install", "releases", "upgrade", "rollback", "uninstall", "prune"),
        *("units", "version", "describe", "completion"),
    }
)


def become_owner(name: str, command: str, argv: list[str]) -> None:
    """Start the command once more as the owner of the state directory, if root asks.

    Returns where nothing has to change.  Raises Refusal where the owner cannot run it.
    """
    if command in AS_ROOT:
        return
    from . import owner, paths
    from .contract import manifest

    root = manifest.root()
    state = paths.of(root).state
    found = owner.of_state(state)
    if found is None:
        return
    import pwd

    uid, gid = found
    try:
        user = pwd.getpwuid(uid)
        shown, home, gid = user.pw_name, user.pw_dir, user.pw_gid
        groups = os.getgrouplist(shown, gid)
    except KeyError:  # a number without a name, as in containers
        shown, home, groups = str(uid), "/", [gid]
    for service, row in manifest.load(root).get("services", {}).items():
        if row.get("user"):
            raise Refusal(
                f"{state} belongs to {shown}, but the service {service} has its own user, "
                "which requires a supervisor that runs as root",
                hint=f"chown root {state}",
                code=CONFIG,
            )
    print(f"{name}: running as {shown}, who owns {state}", file=sys.stderr, flush=True)
    os.setgroups(groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    environ = {**os.environ, "HOME": home, "USER": shown, "LOGNAME": shown}
    program = os.path.join(root, "bin", name)
    try:
        os.execve(program, [program, *argv], environ)
    except OSError as error:
        raise Refusal(f"{program}: {error.strerror} (as {shown})") from None
