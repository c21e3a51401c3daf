"""Clients of the fleet for the time of a ``with``, and what they have seen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fleet import balancer
from tests.fleet.testbed import Testbed

LOAD = Path(__file__).with_name("load.py")
LONGEST = 240  # seconds
CLIENTS = 8  # about 150 requests a second: two cores have hosts and controller to run, too


@dataclass(slots=True)
class Seen:
    """Filled when the clients have stopped."""

    answers: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0

    @property
    def versions(self) -> set[str]:
        return {text.split()[0] for text in self.answers}

    @property
    def hosts(self) -> set[str]:
        return {text.split()[1] for text in self.answers}


@contextmanager
def clients(testbed: Testbed) -> Iterator[Seen]:
    """Ask the load balancer all the time."""
    url = f"http://{testbed.addresses['lb']}:{balancer.PORT}/"
    words = testbed.words(sys.executable, "-I", LOAD, url, LONGEST, CLIENTS)
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    seen = Seen()
    try:
        yield seen
    finally:
        process.terminate()
        text, _ = process.communicate(timeout=30)
        found = json.loads(text)
        seen.answers, seen.failed, seen.slowest = (
            found[name] for name in ("answers", "failed", "slowest")
        )
