"""Programs and libraries: what they need is inside, and they run where the release shall run."""

from __future__ import annotations

from collections.abc import Iterator

from relforge import elf
from relforge.layers import libraries as surveyed
from relforge.model.origins import Origins
from relforge.model.release import Finding, Release

LIBRARIES = "libraries"


def libraries(release: Release) -> Iterator[Finding]:
    """Each ELF file that needs a library which is neither inside, nor glibc's, nor a driver's."""
    known: Origins | None = None
    for path, lacking in surveyed.missing(release):
        known = known or Origins(release)
        names = ", ".join(lacking)
        yield Finding(
            severity="error",
            rule=LIBRARIES,
            path=path,
            message=f"needs {names}, which is neither in the release nor part of "
            "glibc, and is not on this host",
            hint=f"install the library on this host, or leave {known.name(path)} out",
            topic="needs libraries that are neither in the release nor part of glibc, nor "
            "on this host",
            detail=f"needs {names}",
        )


def machine(release: Release) -> Iterator[Finding]:
    """Each ELF file for another CPU than the release's.

    It is a warning where the file is not an extension module: a package may bring
    programs for several CPUs.
    """
    own = release.target.machine
    for library in surveyed.survey(release):
        if library.machine != own:
            yield Finding(
                severity="error" if _is_module(library.path, own) else "warning",
                rule="machine",
                path=library.path,
                message=f"is for {library.machine}, but the release is for {own}",
                hint=f"use the package's wheel for {own}, or leave the file out",
            )


def glibc(release: Release) -> Iterator[Finding]:
    """Each ELF file that needs a newer glibc than ``check.glibc``, or else the target, has."""
    wanted = release.settings.check.glibc
    floor = wanted or release.target.glibc
    for library in surveyed.survey(release):
        if elf.number(library.glibc) <= elf.number(floor):
            continue
        names = elf.newer(release.tree / library.path, floor)
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield Finding(
            severity="error",
            rule="glibc",
            path=library.path,
            message=f"needs glibc {library.glibc}"
            + (f" for {shown}" if shown else "")
            + (
                f", but check.glibc is {wanted}"
                if wanted
                else f", but the release requires only {floor}"
            ),
            hint="build on a host with a glibc that old, or use a wheel (manylinux) and an "
            "interpreter (python.source) that were built on one",
        )


def _is_module(path: str, own: str) -> bool:
    """Whether the file is what the release's own Python would load."""
    name = path.rpartition("/")[2]
    return name.endswith(".abi3.so") or f"-{own}-linux" in name or path.startswith("python/bin/")
