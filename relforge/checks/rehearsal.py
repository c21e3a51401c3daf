"""The check's interpreter, begun while the application is still being built.

Most of what a check imports did not change: CPython's modules and those of the
dependencies.  They are loaded ahead, in the order in which the last check met them:

    deps laid out ─► begin    an interpreter of the draft loads them, and waits
    check         ─► answer   it gets the question, and imports the application

What counts is still that the application can be imported.  So nothing that was
loaded ahead is used where an import statement of the application is another
than last time, or where anything but the layers ``python`` and ``deps`` brings
modules to the interpreter's own folders; and a check that fails after a
rehearsal is made once more without one.

    $XDG_CACHE_HOME/relforge/checks/
      rehearsal-<key>.json    {"statements": digest, "modules": [name, ...]}
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relforge import cache, staged
from relforge.checks import imports
from relforge.release import Release

STEADY = ("python", "deps")  # layers
OWN_PTH = "relforge.pth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An interpreter that loads modules, and then waits for its question."""

    process: subprocess.Popen[str]
    statements: str  # the application's, when these modules were met


_waiting: dict[Path, Waiting] = {}  # by draft


def begin(release: Release) -> Release:
    """Load ahead what the last check met; a step that changes nothing of the release."""
    check = release.settings.check
    if not release.python.runs_here or not check.imports or "entry-points" in check.skip:
        return release
    try:
        known = json.loads(_place(release).read_bytes())
        modules, statements = list(map(str, known["modules"])), str(known["statements"])
    except (OSError, ValueError, KeyError, TypeError):
        return release
    process = staged.begin(release, modules, env=check.env)
    if process is not None:
        _waiting[release.tree] = Waiting(process=process, statements=statements)
    return release


def answer(release: Release, question: dict[str, Any]) -> dict[str, Any] | None:
    """What the interpreter that was begun says; None where the question has to be asked anew."""
    waiting = _waiting.pop(release.tree, None)
    if waiting is None:
        return None
    if not _is_steady(release) or _statements(release) != waiting.statements:
        staged.discard(waiting.process)
        return None
    told = staged.answer(release, waiting.process, "check", question)
    return None if told is None or told["failures"] else told


def keep(release: Release, modules: Iterable[tuple[str, str]]) -> None:
    """Remember the modules that a check met: names, and files relative to the release."""
    if not _is_steady(release):
        return
    steady = {path for layer in release.layers if layer.name in STEADY for path in layer.paths}
    known = {
        "statements": _statements(release),
        "modules": [name for name, path in modules if path in steady],
    }
    cache.keep(_place(release), json.dumps(known).encode())


def _place(release: Release) -> Path:
    (python,) = (layer.key for layer in release.layers if layer.name == "python")
    settings = release.settings
    key = cache.key(
        *(str(release.project.root), release.env, release.name, python, repr(release.packages)),
        *(repr(settings.strip), repr(settings.check.env)),
    )
    return cache.home() / "checks" / f"rehearsal-{key}.json"


def _is_steady(release: Release) -> bool:
    """Whether only CPython and the dependencies decide how their modules are loaded."""
    folder = f"python/lib/python{release.python.short}/"
    for layer in release.layers:
        if layer.name in STEADY:
            continue
        for path in layer.paths:
            if path.endswith(".pth") and not path.endswith(f"/{OWN_PTH}"):
                return False
            if layer.name == "release" and path.startswith(folder):
                return False
    return True


def _statements(release: Release) -> str:
    """One key of every import statement of the application; where it stands does not count."""
    rows = {
        f"{path} {name} {certain}"
        for path, statements in imports.statements(release)
        for name, _, certain in statements
    }
    return cache.key(*sorted(rows))
