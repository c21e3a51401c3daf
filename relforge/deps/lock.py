"""``relforge lock``: resolve the project's dependencies and write them down."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path

from packaging.utils import canonicalize_name

from relforge import cache
from relforge.deps import locks, pex, pylock, requirements
from relforge.deps.platform import Platform, platform
from relforge.errors import UserError
from relforge.release import Interpreter, Project, Settings, Target

log = logging.getLogger("relforge.deps")

FORMAT = "1"


def write(
    project: Project,
    settings: Settings,
    interpreter: Interpreter,
    target: Target,
    output: Path,
) -> Path:
    """Write the lock of the project's dependencies, chosen groups and extras; return its path.

    ``output`` tells the format: ``pylock.toml``, ``pylock.<name>.toml``, or any
    other name for a hashed requirements file, which holds no addresses.  It
    holds for the interpreter's minor version, on Linux.  The file appears whole;
    nothing is done where neither the requirements nor the file have changed
    since.  Raises UserError.
    """
    if output.name == "uv.lock":
        raise UserError(f"{output}: relforge does not write uv's own format", hint="type: uv lock")
    wanted = sorted({text for _, text in locks.wanted(project, settings)})
    here = platform(interpreter, target)
    python = interpreter.helper if interpreter.machine == os.uname().machine else None
    kind = "pylock" if output.suffix == ".toml" else "requirements"
    minor = interpreter.short
    key = cache.key("lock", FORMAT, kind, minor, here.machine if python is None else "", *wanted)
    note = cache.home() / "locks-made" / f"{key}.json"
    if _is_current(output, note):
        log.info("%s is up to date", output.name)
        return output
    text = _resolve(wanted, project, python, here, kind)
    cache.write(output, text.encode())
    cache.write(note, json.dumps({"sha256": cache.sha256(output)}).encode())
    return output


def _is_current(output: Path, note: Path) -> bool:
    try:
        return bool(json.loads(note.read_bytes())["sha256"] == cache.sha256(output))
    except (OSError, ValueError, KeyError):
        return False


def _resolve(
    wanted: list[str], project: Project, python: Path | None, target: Platform, kind: str
) -> str:
    with tempfile.TemporaryDirectory(prefix="relforge-lock-") as folder:
        made = Path(folder) / "pylock.toml"
        if not wanted:
            made.write_text(pylock.render(()) + "packages = []\n", encoding="utf-8")
        else:
            listed = Path(folder) / "requirements.in"
            listed.write_text("".join(f"{text}\n" for text in wanted), encoding="utf-8")
            pex.lock(listed, python, target, made)
        if kind == "pylock":
            return made.read_text(encoding="utf-8")
        head = "# Written by `relforge lock`; do not edit.\n"
        name = canonicalize_name(project.name)
        return head + requirements.render(pylock.read(made, project=name).pins)
