"""What a host runs, as the release itself reports it; nothing on the host changes."""

from __future__ import annotations

import json
import shlex
from typing import Any

from ansible_collections.relforge.deploy.plugins.plugin_utils.remote import (
    Remote,
    as_json,
    sections,
)

ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "root": {"type": "str", "required": True},
    "unit": {"type": "str", "required": True},
}
PARTS = ("releases", "status", "lock", "digests", "last", "unit")
MARK = "@@relforge"
_SCRIPT = """
root={root} name={name} unit={unit}
p=$root/current/bin/$name
if ! [ -x "$p" ]; then
    for f in "$root"/releases/*/bin/"$name"; do if [ -x "$f" ]; then p=$f; fi; done
fi
part() {{ echo "{mark} $1 $2"; }}
if [ -x "$p" ]; then
    "$p" releases --json 2>/dev/null; part releases $?
    "$p" status --json 2>/dev/null; part status $?
fi
cat "$root/deploy/lock" 2>/dev/null; part lock $?
for f in "$root"/deploy/digests/*; do
    if [ -f "$f" ]; then echo "${{f##*/}} $(cat "$f")"; fi
done; part digests 0
tail -n 1 "$root/deploy/deploys.jsonl" 2>/dev/null; part last $?
systemctl is-active "$unit" 2>/dev/null; part unit 0
"""


class ActionModule(Remote):
    """See the documentation of the module of that name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        quoted = {name: shlex.quote(value) for name, value in given.items()}
        text = self.ok(_SCRIPT.format(mark=MARK, **quoted), f"look at {given['root']}")
        parts = sections(text, PARTS, MARK)
        return {**result, "changed": False, "state": described(parts)}


def described(parts: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """One object about a host, from the parts of the script's output."""
    releases = _json(parts, "releases") or {}
    status = _json(parts, "status") or {}
    rows = releases.get("releases", [])
    running = status.get("state") in ("running", "starting")
    services = status.get("services", [])
    return {
        "current": releases.get("current"),
        "running": status.get("version") if running else None,
        "ready": status.get("state") == "running" and all(row["ready"] for row in services),
        "draining": bool(status.get("draining")),
        "operation": status.get("operation"),
        "services": services,
        "installed": [row["version"] for row in rows],
        "failed": [row["version"] for row in rows if row["failed"]],
        "rollback": releases.get("rollback"),
        "digests": dict(line.split(" ", 1) for line in parts["digests"][1].splitlines()),
        "lock": _json(parts, "lock"),
        "last": _last(parts["last"][1]),
        "unit": parts["unit"][1].strip() or "unknown",
    }


def _json(parts: dict[str, tuple[int, str]], name: str) -> Any:
    text = parts.get(name, (0, ""))[1]
    return as_json(text, name) if text.strip() else None


def _last(line: str) -> Any:
    """The last line of the journal; None for one that a power cut tore."""
    try:
        return json.loads(line)
    except ValueError:
        return None
