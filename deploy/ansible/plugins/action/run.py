"""Run a command on a host, and report truthfully whether it changed anything."""

from __future__ import annotations

from typing import Any

from ansible_collections.relforge.deploy.plugins.plugin_utils.remote import (
    Remote,
    as_json,
    failure,
    words,
)

ARGUMENTS = {
    "argv": {"type": "list", "elements": "str", "required": True},
    "unless": {"type": "list", "elements": "str"},
    "dry_run": {"type": "list", "elements": "str"},
    "changes": {"type": "bool", "default": True},
    "json": {"type": "bool", "default": False},
    "codes": {"type": "list", "elements": "int", "default": [0]},
}


class ActionModule(Remote):
    """See the documentation of the module of that name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        if given["unless"] and not self.sh(words(given["unless"]))["rc"]:
            return {**result, "changed": False}
        argv = given["argv"]
        if self._task.check_mode and given["changes"]:
            if not given["dry_run"]:
                return {**result, "changed": True}
            argv = given["dry_run"]
        done = self.sh(words(argv))
        facts = {name: done[name] for name in ("rc", "stdout", "stderr")}
        facts["failed"] = False  # else Ansible judges by the status alone
        if done["rc"] not in given["codes"]:
            raise failure(words(argv), done)
        if not given["json"]:
            return {**result, **facts, "changed": given["changes"]}
        found = as_json(done["stdout"], words(argv))
        return {**result, **facts, "json": found, "changed": self._changed(given, argv, found)}

    def _changed(self, given: dict[str, Any], argv: list[str], found: Any) -> bool:
        """What the command says of itself; a dry run says what it would do in other words."""
        if not given["changes"]:
            return False
        if argv is given["dry_run"]:
            return bool(found.get("services") or found.get("removed") or _would(found))
        return bool(found.get("changed", True))


def _would(found: dict[str, Any]) -> bool:
    return "version" in found and found.get("version") != found.get("old")
