"""The interpreters that are installed on this host."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from relforge import elf
from relforge.layers.python.probe import Probe, probe
from relforge.model import python_version
from relforge.support.errors import UserError

EXECUTABLE = re.compile(r"python3\.\d+t?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where interpreters are looked for, in words and as paths; ``kind`` is who put them there."""

    name: str
    kind: str
    directories: tuple[Path, ...]


def find(version: str, asked: str = "tool.relforge.python.version") -> Probe:
    """The newest CPython of that version, ``3.12``, ``3.12.1`` or ``3.14t``; raises UserError.

    ``asked`` is where the user wrote the version.
    """
    found = newest(version, places())
    if found is None:
        raise UserError(_nothing(version, asked), hint=_hint(version, asked))
    return found


def newest(version: str, where: tuple[Place, ...]) -> Probe | None:
    """The newest in those places that can go into a release, the first among equals; or None."""
    short = python_version.short(version)
    best: Probe | None = None
    for found in _probed(where, f"python{short}"):
        fits = found.short == short and version in (short, found.spelled)
        if fits and not refusal(found) and (best is None or _newer(found, best)):
            best = found
    return best


def installed() -> Iterator[tuple[Place, Probe]]:
    """Every interpreter of this host, whether it can go into a release or not."""
    seen: set[str] = set()
    for place in places():
        for found in _probed((place,)):
            if found.executable not in seen:
                seen.add(found.executable)
                yield place, found


def places() -> tuple[Place, ...]:
    """Where to look, the first place winning among equal versions."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    path = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    return (
        Place(name=str(pyenv), kind="pyenv", directories=_versions(pyenv)),
        of_uv(),
        Place(name="PATH", kind="PATH", directories=tuple(path)),
        Place(name="/usr/local/bin", kind="host", directories=(Path("/usr/local/bin"),)),
        Place(name="/usr/bin", kind="host", directories=(Path("/usr/bin"),)),
    )


def of_uv() -> Place:
    """Where `uv python install` puts what it fetches: `uv python dir`."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    return Place(name=str(uv), kind="uv", directories=_versions(uv))


def _versions(root: Path) -> tuple[Path, ...]:
    """The directories of programs there, none where this user may not look."""
    try:
        names = os.listdir(root)
    except OSError:
        return ()
    return tuple(root / name / "bin" for name in sorted(names, reverse=True))


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
    return ""


def _probed(where: tuple[Place, ...], name: str | None = None) -> Iterator[Probe]:
    """Programs of that name, or every ``python3.X``; each real file once."""
    seen: set[Path] = set()
    for place in where:
        for directory in place.directories:
            for path in [directory / name] if name else _interpreters(directory):
                if os.access(path, os.X_OK) and path.is_file():  # the first fails for nobody
                    real = path.resolve()
                    if real not in seen:
                        seen.add(real)
                        if found := probe(real):
                            yield found


def _interpreters(directory: Path) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(directory) if EXECUTABLE.fullmatch(name))
    except OSError:
        return []
    return [directory / name for name in names]


def _newer(found: Probe, best: Probe) -> bool:
    return Version(found.version) > Version(best.version)


def _nothing(version: str, asked: str) -> str:
    lines = [f'{asked}: no CPython "{version}" on this host']
    others = []
    for _, found in installed():
        why = refusal(found)
        if not why:
            others.append((Version(found.version), found.spelled, found.executable))
            why = _other_build(found, version)
        if why and python_version.minor(found.version) == python_version.minor(version):
            lines.append(f"    {found.executable}: {why}")
    found_here = [f"{spelled} ({path})" for _, spelled, path in sorted(others)]
    lines.append("  found: " + (", ".join(found_here) or "none"))
    lines.append("  looked in: " + ", ".join(place.name for place in places()))
    return "\n".join(lines)


def _other_build(found: Probe, version: str) -> str:
    """How it differs from what is asked for, where the threads alone do not fit."""
    if found.threaded == python_version.is_threaded(version):
        return ""
    return f"is {'' if found.threaded else 'not '}a free-threaded build"


def _hint(version: str, asked: str) -> str:
    return (
        f"run: pyenv install {version} (or: uv python install {version}), or set {asked} "
        "to one of those found"
    )


def target() -> str:
    """This host's kind, as a target."""
    return f"linux-{os.uname().machine}"
