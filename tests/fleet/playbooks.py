"""The collection's playbooks, run as their user runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fleet.testbed import Testbed

COLLECTIONS = Path(__file__).parents[2] / "relforge/fleet/collections"
_RECAP = re.compile(r"^(\w+)\s*: ok=\d+\s+changed=(\d+)\s+unreachable=\d+\s+failed=(\d+)", re.M)
SECRET = "postgresql://shop@db/shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a playbook ended."""

    code: int
    output: str

    @property
    def changed(self) -> dict[str, int]:
        """For each host, how many tasks changed something."""
        return {name: int(changed) for name, changed, _ in _RECAP.findall(self.output)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbooks:
    """An inventory of the testbed's web hosts; ``variables`` are those of the group."""

    testbed: Testbed
    directory: Path
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def journal(self) -> Path:
        return self.directory / "deploys.jsonl"

    def run(self, name: str, *words: str, **variables: Any) -> Run:
        """Run one to its end, with variables of its own."""
        done = subprocess.run(
            self.testbed.words(*self._words(name, words, variables)),
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Run(code=done.returncode, output=done.stdout + done.stderr)

    def start(self, name: str, **variables: Any) -> subprocess.Popen[str]:
        """Begin one."""
        return subprocess.Popen(
            self.testbed.words(*self._words(name, (), variables)),
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ok(self, name: str, *words: str, **variables: Any) -> Run:
        """Run one that has to succeed."""
        done = self.run(name, *words, **variables)
        assert 0 == done.code, done.output
        return done

    def _words(self, name: str, words: tuple[str, ...], variables: dict[str, Any]) -> list[str]:
        program = Path(sys.executable).with_name("ansible-playbook")
        hosts: dict[str, Any] = {host: {} for host in self.testbed.webs}
        inventory = self.directory / "inventory.json"
        known = {"relforge_controller_journal": str(self.journal), **self.variables}
        groups = {
            "relforge": {"hosts": hosts, "vars": known},
            "balancers": {"hosts": {"lb": {"ansible_user": "root"}}},
        }
        inventory.write_text(json.dumps(groups))
        given = ["-e", json.dumps(variables)]
        return [str(program), "-i", str(inventory), f"relforge.deploy.{name}", *given, *words]

    def _environ(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.testbed.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
        }
