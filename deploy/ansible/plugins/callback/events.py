"""What happens in a playbook, one JSON object a line on standard output, for programs."""

from __future__ import annotations

import json
import sys
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: events
type: stdout
short_description: One JSON object a line, for programs
description:
  - Prints an object for each play, for each task that begins or ends on a host, and for the end.
  - C(relforge deploy) reads it.
"""
# What of a result is passed on.
FACTS = ("msg", "rc", "stdout", "stderr", "holder", "state", "entry")


class CallbackModule(CallbackBase):
    """The stdout callback ``relforge.deploy.events``."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "relforge.deploy.events"

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """A play begins."""
        _print(event="play", name=play.get_name())

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """A task begins on a host."""
        _print(event="start", host=host.get_name(), task=_name(task))

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task is done."""
        self._end(result, "changed" if _facts(result).get("changed") else "ok")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """A task had nothing to do."""
        self._end(result, "skipped")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task failed."""
        self._end(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host does not answer."""
        self._end(result, "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The end."""
        hosts = {name: stats.summarize(name) for name in sorted(stats.processed)}
        _print(event="end", hosts=hosts)

    def _end(self, result: Any, status: str) -> None:
        facts = _facts(result)
        # Of a loop, the item that failed.
        failed = [row for row in facts.get("results", ()) if _has_failed(row)]
        row = {name: facts[name] for name in FACTS if name in facts} | {
            name: item[name] for item in failed[:1] for name in FACTS if name in item
        }
        for item in failed[:1]:
            row["msg"] = f"{item.get('_ansible_item_label', '')}: {item.get('msg', 'it failed')}"
        host = getattr(result, "host", None) or result._host
        task = getattr(result, "task", None) or result._task
        _print(event="task", host=host.get_name(), task=_name(task), status=status, **row)


def _facts(result: Any) -> dict[str, Any]:
    """What a task returned; ansible-core 2.19 made the name public."""
    found: dict[str, Any] = result.result if hasattr(result, "result") else result._result
    return found


def _has_failed(row: dict[str, Any]) -> bool:
    return bool(row.get("failed") or row.get("unreachable"))


def _name(task: Any) -> str:
    return str(task.get_name()).strip()


def _print(**event: Any) -> None:
    print(json.dumps(event, default=str), flush=True, file=sys.stdout)
