"""`make load`: everything by which processes are replaced on purpose, until 200,000 are answered.

A deploy root as benchmarks/upgrades.py has it, and a third service that speaks TLS.  Under the
meter of benchmarks/meter.py, which tries nothing twice:

    rounds    an upgrade to the other version, then `reload --all` or a renewed certificate;
              the processes of one service are replaced after so many requests all the while
    kills     SIGKILL for a process of each service, with a separate meter: whom that
              process was answering has lost the request, and nobody else

Nothing may fail in the rounds.  Exit 1 where something does.
"""

from __future__ import annotations

import argparse
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upgrades import VERSIONS, Load, Shelf, free_port

MOST = 800  # requests of one process, then the next one takes its place
SHARES = 4  # parts of the load, with kills after each
BETWEEN = 3.0  # seconds between two kills of one service: it does not give up
RECYCLED = "another process takes its place"
SERVICES = ("asgi", "wsgi", "tls")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--upgrades", type=int, default=20)
    parser.add_argument("--recyclings", type=int, default=20)
    parser.add_argument("--kills", type=int, default=12)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rf-") as name:
        shelf = Endurance.build(Path(name), VERSIONS)
        shelf.renew()
        with shelf.running():
            seen = shelf.endure(given)
    print(seen.text(), end="")
    return 0 if seen.is_well(given) else 1


@dataclass(slots=True)
class Seen:
    """What was done, and what the meters counted."""

    done: Counter[str]
    answered: int = 0
    failed: tuple[str, ...] = ()
    in_kills: tuple[int, int] = (0, 0)  # answered, failed
    seconds: float = 0.0

    def add(self, report: dict[str, Any]) -> None:
        self.answered += sum(report["answered"].values())
        self.failed += tuple(report["failed"])

    def add_kills(self, report: dict[str, Any]) -> None:
        answered, failed = self.in_kills
        self.in_kills = (
            answered + sum(report["answered"].values()),
            failed + len(report["failed"]),
        )

    def is_well(self, given: Any) -> bool:
        enough = self.answered >= given.requests and self.done["recyclings"] >= given.recyclings
        return enough and not self.failed

    def text(self) -> str:
        rows = [f"{count} {what}" for what, count in sorted(self.done.items())]
        answered, lost = self.in_kills
        pythons = " and ".join(VERSIONS.values())
        lines = [
            f"{self.answered} requests answered, {len(self.failed)} failed, {self.seconds:.0f} s",
            ", ".join(rows),
            f"around the kills: {answered} answered, {lost} lost with the processes killed",
            f"{os.uname().machine}, {os.cpu_count()} cores, Python {pythons}",
            *(f"    {row}" for row in self.failed[:10]),
        ]
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endurance(Shelf):
    """The same with a service that speaks TLS, and processes that are replaced by plan."""

    @property
    def measured_addresses(self) -> tuple[str, ...]:
        return (*self.addresses, f"tls:127.0.0.1:{self.tls}")

    @property
    def tls(self) -> int:
        """Its port, which is the same for the life of the deploy root."""
        place = self.root.parent / "tls.port"
        if not place.exists():
            place.write_text(str(free_port()))
        return int(place.read_text())

    @property
    def certificate(self) -> Path:
        return self.root.parent / "certificate.pem"

    def configure(self, **values: Any) -> None:
        key = str(self.certificate.with_name("key.pem"))
        Shelf.configure(
            self,
            **{"http.tls": self.tls, "http.most": MOST, "tls.on": True},
            **{"tls.certificate": str(self.certificate), "tls.key": key},
            **values,
        )

    def renew(self) -> None:
        """Another certificate under the same name, as a client of ACME puts it there."""
        key = self.certificate.with_name("key.pem")
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        words += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
        made = [f"{path}.new" for path in (key, self.certificate)]
        done = [*words, "-keyout", made[0], "-out", made[1]]
        subprocess.run(done, check=True, capture_output=True)
        for new, path in zip(made, (key, self.certificate), strict=True):
            os.replace(new, path)

    def served(self) -> str:
        """The certificate that a new connection meets."""
        return ssl.get_server_certificate(("127.0.0.1", self.tls))

    def endure(self, given: Any) -> Seen:
        """Rounds and kills in turn until there is enough of everything."""
        seen, began = Seen(Counter()), time.monotonic()
        for share in range(SHARES):
            with self.recyclings(seen), Load(self.measured_addresses) as load:
                for number in part(given.upgrades, share):
                    self.round(number, seen)
                goal = given.requests * (share + 1) // SHARES - seen.answered
                while load.answered() < goal:
                    time.sleep(1)
            seen.add(load.report)
            with Load(self.measured_addresses) as load:
                for number in part(given.kills, share):
                    self.kill(SERVICES[number % len(SERVICES)])
                    seen.done["kills"] += 1
            seen.add_kills(load.report)
        seen.seconds = time.monotonic() - began
        return seen

    def round(self, number: int, seen: Seen) -> None:
        """An upgrade, then one of the ways in which processes are replaced without one."""
        self.upgrade()
        seen.done["upgrades"] += 1
        if number % 2:
            self.call("reload", "--all")
            seen.done["forced replacements"] += 1
            return
        before = self.served()
        self.renew()
        self.call("reload", "tls")
        assert before != self.served(), "new connections meet the old certificate"
        seen.done["renewed certificates"] += 1

    def kill(self, service: str) -> None:
        """End one process of it, and wait until another one serves."""
        (row,) = (row for row in self.status()["services"] if row["name"] == service)
        os.kill(row["pid"], signal.SIGKILL)
        time.sleep(BETWEEN)
        (after,) = (row for row in self.status()["services"] if row["name"] == service)
        assert after["ready"] and after["pid"] != row["pid"], after

    @contextmanager
    def recyclings(self, seen: Seen) -> Iterator[None]:
        """Count them meanwhile, in the log."""
        log = self.root / "var" / "log" / "shelf.log"
        before = log.stat().st_size
        yield
        with log.open("rb") as file:
            file.seek(before)
            seen.done["recyclings"] += file.read().decode(errors="replace").count(RECYCLED)


def part(count: int, share: int) -> range:
    """Which of so many belong to one of the shares."""
    return range(count * share // SHARES, count * (share + 1) // SHARES)


if __name__ == "__main__":
    sys.exit(main())
