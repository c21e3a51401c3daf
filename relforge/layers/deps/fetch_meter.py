"""How far the downloads of a build are."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from relforge.support import progress


@dataclass(slots=True, kw_only=True)
class Meter:
    """How far all of them are."""

    files: int
    done: int = 0
    bytes: int = 0
    started: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, size: int) -> None:
        """Some bytes came."""
        with self.lock:
            self.bytes += size
        self._report()

    def finished(self) -> None:
        """A file is there."""
        self.done += 1
        self._report()

    def _report(self) -> None:
        size = self.bytes / 1e6
        rate = size / max(time.monotonic() - self.started, 0.1)
        progress.report(f"{self.done} of {self.files} files, {size:.1f} MB, {rate:.1f} MB/s")
