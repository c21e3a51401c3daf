"""What a package sees of the target: its markers and its wheel tags.

Everything here is computed for the interpreter that goes into the release, on
the system that it will run on; nothing is asked of the builder's own Python.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

from packaging import tags
from packaging.tags import Tag

from relforge.model import python_version
from relforge.model.release import Interpreter, Target

OLDEST_GLIBC = {"x86_64": 5, "i686": 5}  # minor of 2.x; manylinux began there
LEGACY = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
UNKNOWN_GLIBC = "2.28"  # assumed where the build host says nothing about the target


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Markers by name (PEP 508), and tags from the most to the least specific (PEP 425)."""

    python: str  # 3.12.1
    tag: str  # cp312, cp314t
    machine: str
    markers: dict[str, str]
    tags: tuple[Tag, ...]

    @property
    def spelled(self) -> str:
        """As settings write it: ``3.12.1``, ``3.14.2t``."""
        return python_version.spelled(self.python, threaded=python_version.is_threaded(self.tag))

    @property
    def ranks(self) -> dict[Tag, int]:
        """The place of each tag; a lower one is the better fit."""
        return {tag: rank for rank, tag in enumerate(self.tags)}


def platform(interpreter: Interpreter, target: Target) -> Platform:
    """The platform of that interpreter on that target."""
    glibc = target.glibc or _host_glibc(target.machine)
    return Platform(
        python=interpreter.version,
        tag=interpreter.tag,
        machine=target.machine,
        markers=_markers(interpreter.version, target),
        tags=tuple(_tags(interpreter.minor, interpreter.tag, target.machine, glibc)),
    )


def _markers(version: str, target: Target) -> dict[str, str]:
    return {
        "implementation_name": "cpython",
        "implementation_version": version,
        "os_name": "posix",
        "platform_machine": target.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": target.system.capitalize(),
        "platform_version": "",
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
        "sys_platform": target.system,
    }


def _tags(short: str, tag: str, machine: str, glibc: str) -> list[Tag]:
    major, minor = short.split(".")
    version = (int(major), int(minor))
    platforms = _platforms(machine, glibc)
    return [
        *tags.cpython_tags(version, abis=[tag], platforms=platforms),
        *tags.compatible_tags(version, interpreter=f"cp{major}{minor}", platforms=platforms),
    ]


def _platforms(machine: str, glibc: str) -> list[str]:
    newest = int(glibc.split(".")[1])
    names = []
    for minor in range(newest, OLDEST_GLIBC.get(machine, 17) - 1, -1):
        names.append(f"manylinux_2_{minor}_{machine}")
        if minor in LEGACY:
            names.append(f"{LEGACY[minor]}_{machine}")
    return [*names, f"linux_{machine}"]


@functools.cache
def _host_glibc(machine: str) -> str:
    if machine != os.uname().machine:
        return UNKNOWN_GLIBC
    try:
        library, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (OSError, ValueError):
        return UNKNOWN_GLIBC
    return version if library == "glibc" else UNKNOWN_GLIBC
