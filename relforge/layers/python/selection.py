"""What of an interpreter goes into a release, and what it is made of: its content key."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relforge import cache
from relforge.cache import file_facts
from relforge.elf import loader, run_paths, symbols
from relforge.layers.python import certificates, tcl
from relforge.layers.python.installation import Installation
from relforge.model import python_version
from relforge.model.spec import PythonSettings
from relforge.support.errors import SettingsError, UserError

log = logging.getLogger("relforge.layers.python")

FORMAT = "6"  # of the relocated tree: another number makes every tree again

LIBPYTHON = re.compile(r"libpython3\.\d+(t?)\.so\.1\.0")

LOADER_CACHE = Path("/etc/ld.so.cache")

# Patterns below lib/pythonX.Y; `*` crosses slashes.
LEFT_OUT = (
    *("__pycache__", "*/__pycache__", "site-packages", "dist-packages"),
    *("sitecustomize.py", "usercustomize.py", "EXTERNALLY-MANAGED", "_distutils_system_mod.py"),
    *("config-*", "*.a", "*.o", "*.exe"),  # for those who compile
    *("_sysconfig_vars*.json", "build-details*.json"),  # for those who do not start it
)
OPTIONAL = {
    "tests": (
        *("test", "tests", "*/test", "*/tests", "idlelib/idle_test"),
        *("lib-dynload/_test*", "lib-dynload/_ctypes_test*", "lib-dynload/_xxtest*"),
        "lib-dynload/xxlimited*",
    ),
    "tkinter": ("tkinter", "turtledemo", "turtle.py", "lib-dynload/_tkinter*"),
    "idlelib": ("idlelib",),
    "ensurepip": ("ensurepip",),
    "nis": ("lib-dynload/nis.*",),  # gone in 3.13; alone it brings Kerberos
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The files and links of the tree to be made, by their places in it.

    ``left_out`` are extension modules whose libraries are not to be had.
    """

    files: tuple[tuple[str, Path], ...]
    links: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    key: str


def check(settings: PythonSettings) -> None:
    """Refuse what cannot be kept; raises SettingsError."""
    for index, name in enumerate(settings.keep):
        if name not in OPTIONAL:
            near = difflib.get_close_matches(name, OPTIONAL, 1)
            raise SettingsError(
                f"tool.relforge.python.keep[{index}]: {name!r} is none of {', '.join(OPTIONAL)}",
                hint=f"did you mean {near[0]!r}?" if near else "",
            )


def select(installation: Installation, settings: PythonSettings) -> Selection:
    """Decide what goes in.  Raises UserError where a library that Python needs is missing."""
    directory = f"lib/python{installation.short}"
    name = f"python{installation.short}"
    links = [("bin/python", name), ("bin/python3", name)]
    if python_version.is_threaded(installation.short):  # it has its minor version's name, too
        links.append((f"bin/python{python_version.minor(installation.short)}", name))
    files = [(f"bin/{name}", installation.executable)]
    files += _headers(installation)
    for relative, path in _standard_library(installation, settings):
        target = os.readlink(path) if path.is_symlink() else None
        if target is None or not _stays(target, path):
            files.append((f"{directory}/{relative}", path))
        else:
            links.append((f"{directory}/{relative}", target))
    if (found := certificates.find()) is not None:
        files.append((certificates.PLACE, found))
    files.sort()
    row = file_facts.remembered(
        "selection",
        _signature(files, installation),
        lambda: _measure(files, installation),
    )
    if row["signature"] != file_facts.stamps(Path(path) for _, path in row["libraries"]):
        row = _measure(files, installation)
    gone = set(row["left_out"])
    for relative in row["left_out"]:
        log.info("leaving out %s: it needs %s", relative, ", ".join(row["left_out"][relative]))
    brought = [(f"lib/{name}", Path(path)) for name, path in row["libraries"]]
    return Selection(
        files=tuple(sorted([*(pair for pair in files if pair[0] not in gone), *brought])),
        links=tuple(sorted([*links, *_library_links(installation, brought)])),
        left_out=tuple(sorted(gone)),
        key=cache.key(
            *(FORMAT, installation.version, row["digest"], repr(sorted(links))),
            *inputs(settings),
        ),
    )


def inputs(settings: PythonSettings) -> tuple[str, ...]:
    """What decides the tree's bytes but for the interpreter: settings, programs, certificates."""
    bundle = certificates.find()
    return (
        repr([sorted(settings.keep), sorted(settings.exclude), settings.strip]),
        file_facts.sha256(bundle) if bundle else "",
        symbols.FORMAT if settings.strip else "",
        run_paths.version(),
    )


def surroundings() -> tuple[str, ...]:
    """What decides which of the host's libraries the loader finds."""
    return os.environ.get("LD_LIBRARY_PATH", ""), file_facts.stamps([LOADER_CACHE])


def _standard_library(
    installation: Installation, settings: PythonSettings
) -> Iterator[tuple[str, Path]]:
    left_out = _pattern(settings)
    for path in sorted(_walk(installation.stdlib, "", left_out)):
        yield path.relative_to(installation.stdlib).as_posix(), path
    if installation.dynload != installation.stdlib / "lib-dynload":
        for path in sorted(_walk(installation.dynload, "lib-dynload/", left_out)):
            yield f"lib-dynload/{path.relative_to(installation.dynload).as_posix()}", path
    for path in installation.stdlib.glob("config-*/Makefile"):
        yield path.relative_to(installation.stdlib).as_posix(), path


def _pattern(settings: PythonSettings) -> re.Pattern[str]:
    keep = {*settings.keep, *(("tkinter",) if "idlelib" in settings.keep else ())}
    optional = [row for name, rows in OPTIONAL.items() if name not in keep for row in rows]
    patterns = [*LEFT_OUT, *optional, *(row.rstrip("/") for row in settings.exclude)]
    return re.compile("|".join(fnmatch.translate(row) for row in patterns))


def _walk(directory: Path, prefix: str, left_out: re.Pattern[str]) -> Iterator[Path]:
    """Files and links; a link to a directory is passed over."""
    with os.scandir(directory) as rows:
        for row in rows:
            relative = f"{prefix}{row.name}"
            if left_out.match(relative):
                continue
            if row.is_dir(follow_symlinks=False):
                yield from _walk(Path(row.path), f"{relative}/", left_out)
            elif row.is_file():
                yield Path(row.path)


def _stays(target: str, path: Path) -> bool:
    """Whether a link of the standard library leads to another file of the same directory."""
    return "/" not in target and (path.parent / target).is_file()


def _headers(installation: Installation) -> list[tuple[str, Path]]:
    """The two that the standard library itself reads; Debian has them in two directories."""
    found = []
    directories = [
        installation.include,
        installation.include.parents[1] / installation.include.name,
    ]
    for name in ("pyconfig.h", "patchlevel.h"):
        for directory in directories:
            if (directory / name).is_file():
                found.append((f"include/python{installation.short}/{name}", directory / name))
                break
    return found


def _library_links(
    installation: Installation, brought: Sequence[tuple[str, Path]]
) -> list[tuple[str, str]]:
    name = f"libpython{installation.short}.so"
    return [(f"lib/{name}", f"{name}.1.0")] if f"lib/{name}.1.0" in dict(brought) else []


def _signature(files: Sequence[tuple[str, Path]], installation: Installation) -> str:
    return "\n".join(
        [
            str(installation.enclosed),
            *surroundings(),
            file_facts.stamps(path for _, path in files),
            *(relative for relative, _ in files),
        ]
    )


def _measure(files: Sequence[tuple[str, Path]], installation: Installation) -> dict[str, Any]:
    """Find the libraries and digest everything: the slow part, done once per change."""
    if installation.enclosed:
        search = loader.within(installation.enclosed, installation.machine)
    else:
        search = loader.of_host(installation.machine)
    binaries = {path: relative for relative, path in files if _may_be_elf(relative)}
    found = loader.collect(binaries, search)
    left_out = {binaries[path]: list(names) for path, names in found.missing.items()}
    for relative, names in left_out.items():
        if relative.startswith("bin/"):
            raise UserError(
                f"{installation.executable}: needs {', '.join(names)}, which cannot be found"
            )
    shared = {**found.libraries, **tcl.scripts(found.libraries)}
    for name, path in found.libraries.items():
        if named := LIBPYTHON.fullmatch(name):
            stub = path.with_name(f"libpython3{named[1]}.so")  # what modules of the stable ABI name
            if stub.is_file():
                shared[stub.name] = stub
    digest = hashlib.sha256()
    for relative, path in [*files, *sorted(shared.items())]:
        if relative not in left_out:
            digest.update(f"{relative}\0{cache.sha256(path)}\n".encode())
    brought = [(name, str(path)) for name, path in sorted(shared.items())]
    return {
        "libraries": brought,
        "left_out": left_out,
        "digest": digest.hexdigest(),
        "signature": file_facts.stamps(Path(path) for _, path in brought),
    }


def _may_be_elf(relative: str) -> bool:
    return relative.startswith("bin/") or ".so" in relative
