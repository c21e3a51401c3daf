"""A release on a host, laid out as docs/how-to/deploy-under-systemd.md says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.systemd.host import Host

UNITS = "/etc/systemd/system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """``/srv/<name>`` with ``releases/<version>``, ``current`` and ``var``, and its unit."""

    host: Host
    name: str

    @classmethod
    def install(cls, host: Host, artifact: Path, name: str, version: str) -> Deployed:
        made = cls(host=host, name=name)
        host.ok("useradd", "--system", name)
        host.ok("mkdir", "-p", f"{made.root}/releases", f"{made.root}/var")
        host.ok("chown", name, f"{made.root}/var")
        made.add(artifact, version)
        host.ok("ln", "-sfn", f"releases/{version}", f"{made.root}/current")
        made.units()
        return made

    @property
    def root(self) -> str:
        return f"/srv/{self.name}"

    @property
    def program(self) -> str:
        return f"{self.root}/current/bin/{self.name}"

    @property
    def unit(self) -> str:
        return f"{self.name}.service"

    def add(self, artifact: Path, version: str) -> None:
        """Unpack a version beside the others."""
        made = self.host.unpack(artifact, f"{self.root}/releases")
        self.host.ok("mv", made, f"{self.root}/releases/{version}")

    def units(self, *words: str) -> None:
        """Write the units."""
        self.host.ok(self.program, "units", "--install", *words)
        self.host.ok("systemctl", "daemon-reload")

    def setting(self, *lines: str, section: str = "Service", unit: str = "") -> None:
        """Lay lines over a unit, as an operator does with a drop-in."""
        place = f"{UNITS}/{unit or self.unit}.d/test.conf"
        self.host.write(place, "\n".join([f"[{section}]", *lines, ""]))
        self.host.ok("systemctl", "daemon-reload")

    def start(self) -> None:
        done = self.host.run("systemctl", "start", self.unit)
        assert 0 == done.returncode, "\n".join(text for _, text in self.journal())

    def stop(self) -> None:
        self.host.ok("systemctl", "stop", self.unit)

    def reset(self) -> None:
        """Stop it, and take away what tests have laid over its unit."""
        self.host.run("systemctl", "stop", self.unit)
        self.host.run("systemctl", "reset-failed", self.unit)
        self.host.ok("sh", "-c", f"rm -rf {UNITS}/{self.name}*.d /etc/{self.name}")
        self.host.ok("systemctl", "daemon-reload")

    def main_pid(self) -> int:
        return int(self.host.unit(self.unit, "MainPID")["MainPID"])

    def state(self) -> str:
        """Such as ``active/running``."""
        found = self.host.unit(self.unit, "ActiveState", "SubState")
        return f"{found['ActiveState']}/{found['SubState']}"

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.host.run(self.program, "status", "--json").stdout)
        return answer

    def service(self, name: str) -> dict[str, Any]:
        """The first process of that service."""
        rows = self.status()["services"]
        return next((row for row in rows if row["name"] == name), {"ready": False, "pid": None})

    def serves(self) -> bool:
        """Does somebody answer on its port?  A socket unit keeps who asks until it has started."""
        try:
            return self.host.get("http://127.0.0.1:8080/", timeout=60)[0] == 200
        except OSError:
            return False

    def journal(self) -> list[tuple[str, str]]:
        """Identifier and text of each line since it was started last."""
        invocation = self.host.unit(self.unit, "InvocationID")["InvocationID"]
        rows = self.host.journal(self.unit)
        mine = [row for row in rows if row.get("_SYSTEMD_INVOCATION_ID") == invocation]
        return [(str(row["SYSLOG_IDENTIFIER"]), str(row["MESSAGE"])) for row in mine]
