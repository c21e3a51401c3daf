"""Asking the staged tree: its own interpreter answers, from inside the release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relforge import command, layout
from relforge.errors import UserError
from relforge.release import Release

BOOT = f"{layout.RUNTIME}/relforge/runtime/boot_app.py"


def ask(
    release: Release,
    role: str,
    question: dict[str, Any],
    env: Mapping[str, str] | None = None,
    hint: str = "",
) -> dict[str, Any]:
    """Run a role of the runtime's ``boot_app.py`` with JSON in and JSON out.

    The process sees nothing of the builder's environment but what programs
    need to run at all, so that nothing of the build host decides the answer.
    Raises UserError with what it printed where it dies.
    """
    tree = release.tree
    words: list[str | Path] = [
        tree / release.python.executable,
        "-P",
        "-s",
        "-B",
        *("-X", "faulthandler"),  # where a crash happened is in what it prints
        tree / BOOT,
        role,
    ]
    result = command.capture(
        words,
        cwd=tree,
        env={
            "RELEASE_ROOT": str(tree),
            "RELEASE_NAME": release.name,
            "RELEASE_VERSION": release.version,
            "RELEASE_ENV": release.env,
            **(env or {}),
        },
        without=("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "RELFORGE_CONFIG"),
        stdin=json.dumps(question),
    )
    try:
        answer = json.loads(result.stdout)
    except ValueError:
        answer = None
    if result.returncode or not isinstance(answer, dict):
        output = (result.stderr or result.stdout).rstrip()[-4000:].replace(f"{tree}/", "")
        raise UserError(
            f"the assembled release was asked for `{role}`, and its interpreter "
            f"{command.ending(result.returncode)} without an answer"
            + (f"\n{output}" if output else ""),
            hint=hint,
        )
    return answer
