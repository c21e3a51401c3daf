"""The interpreters that are installed on this host."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from relforge import elf
from relforge.errors import UserError
from relforge.python.probe import Probe, probe

EXECUTABLE = re.compile(r"python3\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where interpreters are looked for, in words and as folders."""

    name: str
    folders: tuple[Path, ...]


def find(version: str) -> Probe:
    """The newest CPython of that version, ``3.12`` or ``3.12.1``; raises UserError."""
    short = ".".join(version.split(".")[:2])
    refused: list[str] = []
    best: Probe | None = None
    for path in _executables(f"python{short}"):
        found = probe(path)
        if found is None or found.short != short:
            continue
        if why := refusal(found):
            refused.append(f"{found.executable}: {why}")
        elif _fits(found, version) and (best is None or _newer(found, best)):
            best = found
    if best is None:
        raise UserError(_nothing(version, refused), hint=_hint(version))
    return best


def places() -> tuple[Place, ...]:
    """Where to look, the first place winning among equal versions."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    path = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    return (
        Place(name=str(pyenv), folders=tuple(sorted(pyenv.glob("*/bin"), reverse=True))),
        Place(name=str(uv), folders=tuple(sorted(uv.glob("*/bin"), reverse=True))),
        Place(name="PATH", folders=tuple(path)),
        Place(name="/usr/local/bin", folders=(Path("/usr/local/bin"),)),
        Place(name="/usr/bin", folders=(Path("/usr/bin"),)),
    )


def refusal(found: Probe) -> str:
    """Why that interpreter cannot go into a release; "" where it can."""
    machine = os.uname().machine
    if found.implementation != "cpython":
        return f"is {found.implementation}, not CPython"
    if found.machine != machine:
        return f"is for {found.machine}, and this host is {machine}"
    if found.loader not in elf.GLIBC:
        return f"is not linked with glibc (its loader is {found.loader})"
    if found.debug:
        return "is a debug build"
    if found.threaded:
        return "is a free-threaded build"
    return ""


def _executables(name: str | None = None) -> Iterator[Path]:
    """Programs of that name, or every ``python3.X``; each real file once."""
    seen: set[Path] = set()
    for place in places():
        for folder in place.folders:
            for path in [folder / name] if name else _interpreters(folder):
                if path.is_file() and os.access(path, os.X_OK):
                    real = path.resolve()
                    if real not in seen:
                        seen.add(real)
                        yield real


def _interpreters(folder: Path) -> list[Path]:
    try:
        return [folder / name for name in os.listdir(folder) if EXECUTABLE.fullmatch(name)]
    except OSError:
        return []


def _fits(found: Probe, version: str) -> bool:
    return found.version == version or version.count(".") == 1


def _newer(found: Probe, best: Probe) -> bool:
    return Version(found.version) > Version(best.version)


def _nothing(version: str, refused: list[str]) -> str:
    lines = [f'tool.relforge.python.version: there is no CPython "{version}" on this host']
    lines += [f"    {line}" for line in refused]
    others = {
        (Version(found.version), found.executable)
        for path in _executables()
        if (found := probe(path)) and found.implementation == "cpython" and not refusal(found)
    }
    found_here = [f"{number} ({path})" for number, path in sorted(others)]
    lines.append("  found: " + (", ".join(found_here) or "none"))
    lines.append("  looked in: " + ", ".join(place.name for place in places()))
    return "\n".join(lines)


def _hint(version: str) -> str:
    return (
        f"type: pyenv install {version} (or: uv python install {version}), or set "
        "tool.relforge.python.version to one that was found"
    )
