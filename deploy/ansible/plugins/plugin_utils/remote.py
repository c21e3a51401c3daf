"""What the action plugins of this collection share: one shell on a host, and no Python there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

TAIL = 25  # lines of output that a failure shows


class Remote(ActionBase):
    """An action that runs shell commands on its host, as root where the task says `become`."""

    _supports_check_mode = True
    _supports_async = False

    def sh(self, script: str) -> dict[str, Any]:
        """Run a script with sh; ``rc``, ``stdout`` and ``stderr`` of it."""
        if self._connection.transport == "ssh":
            # On a terminal both outputs are one, and no JSON can be found in it.
            self._connection.set_option("use_tty", False)
        done: dict[str, Any] = self._low_level_execute_command(f"sh -c {shlex.quote(script)}")
        return done

    def ok(self, script: str, what: str) -> str:
        """What a script prints that has to succeed."""
        done = self.sh(script)
        if done["rc"]:
            raise failure(what, done)
        return str(done["stdout"])


def failure(what: str, done: dict[str, Any]) -> AnsibleActionFail:
    """The error of a command: its own words, which say what to do, and its exit status."""
    said = tail(done["stderr"]) or tail(done["stdout"]) or "it printed nothing"
    facts = {"rc": done["rc"], "stdout": done["stdout"], "stderr": done["stderr"]}
    return AnsibleActionFail(f"{what} (exit status {done['rc']}): {said}", result=facts)


def tail(text: str) -> str:
    """The last lines, without the messages of ssh about its connections."""
    lines = [line.rstrip() for line in text.strip().splitlines() if not _is_ssh(line)]
    return "\n".join(lines[-TAIL:])


def words(argv: Sequence[Any]) -> str:
    """A command line for sh."""
    return shlex.join(str(word) for word in argv)


def as_json(text: str, what: str) -> Any:
    """The one JSON value in what a command printed."""
    try:
        return json.loads(text)
    except ValueError:
        raise AnsibleActionFail(
            f"{what}: expected JSON, found: {tail(text) or 'nothing'}"
        ) from None


def sections(text: str, names: Iterable[str], mark: str) -> dict[str, tuple[int, str]]:
    """Exit status and text of each part of an output that ends with ``MARK NAME STATUS``."""
    wanted = set(names)
    found: dict[str, tuple[int, str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        head, _, rest = line.partition(f"{mark} ")
        name, _, status = rest.partition(" ")
        if name in wanted and status.isdecimal():
            found[name] = (int(status), "\n".join([*lines, *([head] if head else [])]))
            lines = []
        else:
            lines.append(line)
    return found


def _is_ssh(line: str) -> bool:
    return line.startswith(("Shared connection to ", "Connection to "))
