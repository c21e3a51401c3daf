"""One deploy at a time on a host: a file that says who holds it."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import socket
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.relforge.deploy.plugins.plugin_utils.remote import Remote, as_json

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["held", "free"], "default": "held"},
    "what": {"type": "str", "default": "a deploy"},
    "by": {"type": "str"},
    "break_of": {"type": "str"},
    "keep": {"type": "bool", "default": False},
}
LOCKED = 75  # EX_TEMPFAIL, as every command of relforge has it
# The file appears with its content, and only where there is none.  Prints who holds it now.
_TAKE = """
set -eu
f={path}
if ! [ -e "$f" ]; then
    mkdir -p "$(dirname "$f")"
    t=$(mktemp "$f.XXXXXX")
    trap 'rm -f "$t"' EXIT
    printf '%s\\n' {content} >"$t"
    chmod 644 "$t"
    sync "$t"
    ln "$t" "$f" 2>/dev/null || :
fi
cat "$f"
"""
# Of two that find the same forgotten lock, one gets it: a rename has one winner.
_DROP = """
set -eu
f={path}
[ "$(cat "$f" 2>/dev/null)" = {content} ] || exit 0
t=$f.gone.$$
mv "$f" "$t" && rm -f "$t"
"""


class ActionModule(Remote):
    """See the documentation of the module of that name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        result["changed"] = False  # a lock is gone when the deploy is over
        if given["state"] == "free":
            return {**result, "holder": self._free(given)}
        return {**result, "holder": self._take(given)}

    def _take(self, given: dict[str, Any]) -> dict[str, Any]:
        mine = {
            "by": given["by"] or _me(),
            "pid": None if given["keep"] else _deploy(),
            "what": given["what"],
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        holder = self._ask(given, mine)
        if holder and not _is_mine(holder, mine) and _is_forgotten(holder):
            if self._task.check_mode:
                return mine
            self._drop(given, holder)
            holder = self._ask(given, mine)
        if holder is None or _is_mine(holder, mine):
            return mine
        raise AnsibleActionFail(
            f"{given['path']}: {described(holder)}. Wait for it, or if it is over: unlock with "
            f"relforge_unlock={holder['by']}",
            result={"rc": LOCKED, "holder": holder},
        )

    def _ask(self, given: dict[str, Any], mine: dict[str, Any]) -> dict[str, Any] | None:
        """Who holds it, after having tried; nobody in a dry run that finds it free."""
        path = shlex.quote(given["path"])
        if self._task.check_mode:
            text = self.sh(f"cat {path} 2>/dev/null")["stdout"]
            return as_json(text, given["path"]) if text.strip() else None
        script = _TAKE.format(path=path, content=shlex.quote(json.dumps(mine)))
        holder: dict[str, Any] = as_json(self.ok(script, f"lock {given['path']}"), given["path"])
        return holder

    def _free(self, given: dict[str, Any]) -> dict[str, Any] | None:
        """Give it up where it is ours, or that of the one whose name is given."""
        text = self.sh(f"cat {shlex.quote(given['path'])} 2>/dev/null")["stdout"]
        if not text.strip():
            return None
        holder: dict[str, Any] = as_json(text, given["path"])
        mine = {"by": given["by"] or _me(), "pid": _deploy()}
        named = given["break_of"]
        if named and holder["by"] != named:
            raise AnsibleActionFail(
                f"{given['path']}: {described(holder)}, not {named}",
                result={"rc": LOCKED, "holder": holder},
            )
        if not self._task.check_mode and (named or _is_mine(holder, mine)):
            self._drop(given, holder)
        return holder

    def _drop(self, given: dict[str, Any], holder: dict[str, Any]) -> None:
        path, content = shlex.quote(given["path"]), shlex.quote(json.dumps(holder))
        self.ok(_DROP.format(path=path, content=content), f"unlock {given['path']}")


def described(holder: dict[str, Any]) -> str:
    """Who holds a lock, for people."""
    return f"locked by {holder['by']} since {holder['at']} for {holder['what']}"


def _me() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _deploy() -> int:
    """The process whose end is the deploy's end: `relforge`, else ansible-playbook, our parent."""
    return int(os.environ.get("RELFORGE_DEPLOY_PID") or os.getppid())


def _is_mine(holder: dict[str, Any], mine: dict[str, Any]) -> bool:
    return (holder["by"], holder["pid"]) == (mine["by"], mine["pid"])


def _is_forgotten(holder: dict[str, Any]) -> bool:
    """Whether the deploy that took it ran on this controller, and its process is gone."""
    on_this_host = holder["by"].rpartition("@")[2] == socket.gethostname()
    return bool(on_this_host and holder["pid"]) and not Path(f"/proc/{holder['pid']}").exists()
