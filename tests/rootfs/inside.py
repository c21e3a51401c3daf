"""A release inside a bare machine, as an operator there has it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.rootfs.bare import Bare


class Inside:
    """``bin/ticketd`` of that machine; ``env`` is what its commands get in addition to PATH.

    ``words`` are the program, after what it is run by, and the directory of its state.
    """

    def __init__(self, machine: Bare, *words: str, user: int = 0) -> None:
        *self._program, state = words
        self.machine = machine
        self.state: Path = machine.path(state)
        self.env = {"PORT": "0", "TICKETD_WORKER__POLL": "100ms"}
        self._user = user

    def run(self, *words: str, cwd: str = "/") -> subprocess.CompletedProcess[str]:
        argv = [*self._program, *words]
        return self.machine.run(argv, user=self._user, env=self.env, cwd=cwd)

    def ok(self, *words: str, cwd: str = "/") -> str:
        """What a command prints that has to succeed, and to complain of nothing."""
        done = self.run(*words, cwd=cwd)
        assert (0, "") == (done.returncode, done.stderr), done.stdout
        return done.stdout

    def address(self) -> str:
        """Where the shop is served; the network is the host's."""
        rows = json.loads(self.ok("status", "--json"))["services"]
        return f"http://{next(row['listen'][0] for row in rows if row['name'] == 'web')}"
