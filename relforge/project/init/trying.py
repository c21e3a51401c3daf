"""Asking the project's own virtual environment what an object is, where reading did not show it.

The import runs in a process of its own, with a deadline; what it prints is thrown away.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

SECONDS = 20
_PLACES = (".venv", "venv", "env", ".env", "virtualenv")
_PROGRAM = """
import asyncio, importlib, inspect, json, os, sys
sys.path[:0] = json.loads(sys.argv[1])
answers = {}
try:
    from annotationlib import Format
    how = {"annotation_format": Format.FORWARDREF}  # a name may be there for type checkers alone
except ImportError:
    how = {}
keep = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
for target in json.loads(sys.argv[2]):
    module, _, name = target.partition(":")
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except BaseException as error:
        answers[target] = ["", f"{type(error).__name__}: {error}"[:300]]
        continue
    def is_coroutine(made):
        return inspect.iscoroutinefunction(made) or inspect.iscoroutinefunction(
            getattr(made, "__call__", None))
    kind = ""
    if callable(found) and not inspect.isclass(found):
        try:
            rows = [row for row in inspect.signature(found, **how).parameters.values()
                    if row.kind in (row.POSITIONAL_ONLY, row.POSITIONAL_OR_KEYWORD)
                    and row.default is row.empty]
        except (TypeError, ValueError):
            rows = []
        if is_coroutine(found) and len(rows) in (1, 3):
            kind = "asgi"
        elif len(rows) == 2 and not is_coroutine(found):
            kind = "wsgi"
        elif len(rows) == 3:
            kind = "asgi"
    answers[target] = [kind, ""]
os.write(keep, json.dumps(answers).encode())
os._exit(0)
"""


def interpreter(root: Path) -> str:
    """The Python of a virtual environment in the project, "" where there is none."""
    for name in _PLACES:
        python = root / name / "bin" / "python"
        if (root / name / "pyvenv.cfg").is_file() and os.access(python, os.X_OK):
            return str(python)
    return ""


def kinds(
    root: Path, paths: tuple[str, ...], targets: tuple[str, ...], env: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """For each target ``asgi``, ``wsgi`` or "", and why it could not be imported.

    Nothing where the project has no virtual environment, or the process did not end in time.
    """
    python = interpreter(root)
    if not python or not targets:
        return {}
    places = [str(root / path) for path in paths]
    words = [python, "-c", _PROGRAM, json.dumps(places), json.dumps(targets)]
    try:
        done = subprocess.run(
            words,
            cwd=root,
            env={**os.environ, **env, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        answers = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    return {target: (str(row[0]), str(row[1])) for target, row in answers.items()}


def scripts(root: Path, packages: frozenset[str]) -> tuple[str, ...]:
    """The console scripts that installed packages bring, of a virtual environment's metadata."""
    found = []
    place = Path(interpreter(root)).parent.parent if interpreter(root) else None
    for path in (
        sorted(place.glob("lib/python*/site-packages/*.dist-info/entry_points.txt"))
        if place
        else ()
    ):
        name = path.parent.name.partition("-")[0].replace("_", "-").lower()
        if name in packages:
            text = path.read_text(errors="replace").partition("[console_scripts]")[2]
            rows = text.partition("\n[")[0].splitlines()
            found += [row.partition("=")[0].strip() for row in rows if "=" in row]
    return tuple(found)
