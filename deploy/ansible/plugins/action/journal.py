"""Write down a deploy, on the host and on the controller: one JSON object a line."""

from __future__ import annotations

import json
import os
import shlex
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.relforge.deploy.plugins.plugin_utils.remote import Remote

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "controller": {"type": "path", "required": True},
    "entry": {"type": "dict", "required": True},
}
_APPEND = """
set -eu
f={path}
mkdir -p "$(dirname "$f")"
if [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ]; then echo >>"$f"; fi
printf '%s\\n' {line} >>"$f"
chmod 644 "$f"
sync "$f"
"""


class ActionModule(Remote):
    """See the documentation of the module of that name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        host = (task_vars or {}).get("inventory_hostname", "")
        row = {"at": now, "host": host, **given["entry"]}
        # Not a change: the journal only records what happened to the host.
        result |= {"changed": False, "entry": row}
        if self._task.check_mode:
            return result
        line = json.dumps(row)
        append = _APPEND.format(path=shlex.quote(given["path"]), line=shlex.quote(line))
        self.ok(append, f"write to {given['path']}")
        _append(Path(given["controller"]), line)
        return result


def _append(path: Path, line: str) -> None:
    """One write, so that lines of several hosts do not mix."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, f"{line}\n".encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise AnsibleActionFail(f"{path}: {error.strerror} (on the controller)") from None
