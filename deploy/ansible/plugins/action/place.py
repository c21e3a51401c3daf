"""Place a file or a directory on a host, whole or not at all."""

from __future__ import annotations

import hashlib
import shlex
import tempfile
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.relforge.deploy.plugins.plugin_utils.remote import Remote

ARGUMENTS = {
    "dest": {"type": "str", "required": True},
    "src": {"type": "path"},
    "content": {"type": "str"},
    "directory": {"type": "bool", "default": False},
    "mode": {"type": "str"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
}
MOST = 100_000  # bytes of a file that a diff shows
# Kind, mode, owner, group and digest of what has the name now.
_LOOK = """
f={dest}
if [ -L "$f" ]; then echo link
elif [ -d "$f" ]; then stat -c 'directory %a %U %G' "$f"
elif [ -f "$f" ]; then stat -c 'file %a %U %G' "$f" && sha256sum <"$f"
elif [ -e "$f" ]; then echo other
else echo absent; fi
"""
# On the disk before it has the name, and the name on the disk before anybody relies on it.
_PLACE = """
set -eu
f={dest}
d=$(dirname "$f")
t=$(mktemp "$d/.place.XXXXXX")
trap 'rm -f "$t"' EXIT
install -m {mode} -o {owner} -g {group} {source} "$t"
sync "$t"
mv -fT "$t" "$f"
trap - EXIT
sync "$d"
"""


class ActionModule(Remote):
    """See the documentation of the module of that name."""

    TRANSFERS_FILES = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(
            argument_spec=ARGUMENTS,
            mutually_exclusive=[("src", "content", "directory")],
        )
        kind = "directory" if given["directory"] else "file"
        given["mode"] = given["mode"] or ("0755" if given["directory"] else "0644")
        data = None if given["directory"] else self._data(given)
        wanted = [kind, given["mode"].lstrip("0") or "0", given["owner"], given["group"]]
        digest = "" if data is None else hashlib.sha256(data).hexdigest()
        look = _LOOK.format(dest=shlex.quote(given["dest"]))
        rows = self.ok(look, f"look at {given['dest']}").split()
        there, old = rows[:4], "".join(rows[4:5])
        if there[0] not in (kind, "absent"):
            raise AnsibleActionFail(
                f"{given['dest']}: expected a {kind}, but it is a {there[0]}: move it away"
            )
        result |= {"dest": given["dest"], "changed": there != wanted or old != digest}
        if result["changed"] and self._task.diff:
            result["diff"] = self._diff(given, there, wanted, data)
        if result["changed"] and not self._task.check_mode:
            self._place(given, data)
        return {**result, "sha256": digest}

    def _data(self, given: dict[str, Any]) -> bytes:
        if given["src"] is not None:
            try:
                return Path(self._find_needle("files", given["src"])).read_bytes()
            except OSError as error:
                raise AnsibleActionFail(f"{given['src']}: {error.strerror}") from None
        if given["content"] is None:
            raise AnsibleActionFail("one of `src`, `content` and `directory` is required")
        return str(given["content"]).encode()

    def _place(self, given: dict[str, Any], data: bytes | None) -> None:
        parts = {name: shlex.quote(given[name]) for name in ("dest", "mode", "owner", "group")}
        if data is None:
            script = "install -d -m {mode} -o {owner} -g {group} {dest}".format(**parts)
            self.ok(script, f"make {given['dest']}")
            return
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            scratch = self._connection._shell.join_path(self._make_tmp_path(), "place")
            self._transfer_file(file.name, scratch)
        try:
            self.ok(_PLACE.format(source=shlex.quote(scratch), **parts), f"write {given['dest']}")
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _diff(
        self, given: dict[str, Any], there: list[str], wanted: list[str], data: bytes | None
    ) -> list[dict[str, str]]:
        """What changes: kind, mode and owner, and of texts each line."""
        head = {"before_header": given["dest"], "after_header": given["dest"]}
        rows = []
        if there != wanted:
            facts = {"before": " ".join(there) + "\n", "after": " ".join(wanted) + "\n"}
            rows.append({**head, **facts})
        if data is not None and len(data) <= MOST and b"\0" not in data:
            script = f"head -c {MOST} -- {shlex.quote(given['dest'])} 2>/dev/null"
            after = data.decode(errors="replace")
            rows.append({**head, "before": self.sh(script)["stdout"], "after": after})
        return rows
