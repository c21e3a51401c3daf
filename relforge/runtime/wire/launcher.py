"""A version asked by its own launcher, whatever its runtime is."""

from __future__ import annotations

import os
import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def ask(
    root: str,
    name: str,
    *words: str,
    environ: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """What ``bin/NAME WORDS`` ends with, and prints.

    Raises OSError where it cannot be started, and TimeoutExpired.
    """
    return subprocess.run(
        [os.path.join(root, "bin", name), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds,
    )
