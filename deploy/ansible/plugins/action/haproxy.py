"""Take a server out of HAProxy, or put it back, by its runtime socket."""

from __future__ import annotations

import csv
import re
import shlex
import time
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.relforge.deploy.plugins.plugin_utils.remote import Remote, tail

ARGUMENTS = {
    "backend": {"type": "str", "required": True},
    "server": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["drain", "ready"], "required": True},
    "socket": {"type": "path", "default": "/run/haproxy/admin.sock"},
    "timeout": {"type": "float", "default": 30},
}
_WORD = re.compile(r"[A-Za-z0-9_.:@-]+")
# Of srv_admin_state: maintenance or drain, because somebody said so, here or in a tracked server.
_OUT = 0x01 | 0x02 | 0x08 | 0x10
_EVERY = 0.25  # seconds between two looks


class ActionModule(Remote):
    """See the documentation of the module of that name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        for name in ("backend", "server"):
            if not _WORD.fullmatch(given[name]):
                raise AnsibleActionFail(f"{name}: {given[name]!r} is not a name of HAProxy's")
        before = self._look(given)
        changed = before["out"] != (given["state"] == "drain")
        if changed and not self._task.check_mode:
            where = f"{given['backend']}/{given['server']}"
            self._say(given, f"set server {where} state {given['state']}")
        if not self._task.check_mode:
            self._wait(given)
        return {**result, "changed": changed, "before": before}

    def _wait(self, given: dict[str, Any]) -> None:
        """Until no request of this balancer is on that server, or until it believes in it again."""
        end = time.monotonic() + given["timeout"]
        while not _has_arrived(now := self._look(given), given["state"]):
            if time.monotonic() > end:
                raise AnsibleActionFail(
                    f"{given['backend']}/{given['server']} should be {given['state']}, but after "
                    f"{given['timeout']:g} s it is {now['status']} with {now['requests']} requests"
                )
            time.sleep(_EVERY)

    def _look(self, given: dict[str, Any]) -> dict[str, Any]:
        """Whether somebody took it out, what the checks say, and how many requests are on it."""
        state = self._row(given, f"show servers state {given['backend']}", " ", "srv_name")
        stat = self._row(given, f"show stat {given['backend']} 4 -1", ",", "svname")
        return {
            "out": bool(int(state["srv_admin_state"]) & _OUT),
            "status": stat["status"],
            "requests": int(stat["scur"]),
        }

    def _row(self, given: dict[str, Any], line: str, between: str, key: str) -> dict[str, str]:
        """The server's row of a table, whose head is a comment."""
        text = self._say(given, line)
        head = text.find("# ")
        rows = csv.DictReader(text[max(head, 0) + 2 :].splitlines(), delimiter=between)
        found = [row for row in rows if row.get(key) == given["server"]]
        if head < 0 or not found:
            raise AnsibleActionFail(
                f"{given['socket']}: no server {given['server']} in the backend "
                f"{given['backend']}: {tail(text)}"
            )
        return found[0]

    def _say(self, given: dict[str, Any], line: str) -> str:
        """What HAProxy answers."""
        words = f"socat -t 5 stdio {shlex.quote('UNIX-CONNECT:' + given['socket'])}"
        return self.ok(f"echo {shlex.quote(line)} | {words}", f"ask HAProxy: {line}")


def _has_arrived(now: dict[str, Any], state: str) -> bool:
    if state == "drain":
        return bool(now["out"]) and now["requests"] == 0
    return now["status"].split()[0] in ("UP", "no")  # `no check`
