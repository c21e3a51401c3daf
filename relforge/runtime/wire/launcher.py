"""A version asked by its own launcher, whatever its runtime is."""

from __future__ import annotations

import os
import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def ask(
    root: str,
    name: str,
    *words: str,
    environ: Mapping[str, str] | None = None,
    seconds: float | None = None,
    user: tuple[int, int] | None = None,
) -> subprocess.CompletedProcess[str]:
    """What ``bin/NAME WORDS`` ends with, and prints.

    ``user`` is the uid and gid to run it as, without other groups; None is the caller.
    Raises OSError where it cannot be started, and TimeoutExpired.
    """
    given: dict[str, Any] = {}
    if user is not None:
        given = {"user": user[0], "group": user[1], "extra_groups": [], "cwd": "/"}
    return subprocess.run(
        [os.path.join(root, "bin", name), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds,
        **given,
    )
