"""An interpreter on disk, from where its files are taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relforge.layers.python.probe import Probe
from relforge.model import python_version


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationFiles:
    """What an archive holds, found without running it: it may be for another CPU.

    ``version`` is as settings write it: ``3.14.2t`` of a free-threaded build.
    """

    version: str
    machine: str

    @property
    def short(self) -> str:
        return python_version.short(self.version)

    @property
    def tag(self) -> str:
        return python_version.tag(self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where the parts of one interpreter lie.

    ``enclosed`` is the directory that its libraries must come from (an unpacked
    archive), None where the host's are taken too.  ``version`` is as settings write it.
    """

    version: str
    machine: str
    executable: Path
    prefix: str
    stdlib: Path
    dynload: Path
    include: Path  # the directory of pyconfig.h, which may be absent
    enclosed: Path | None = None

    @property
    def short(self) -> str:
        return python_version.short(self.version)


def of_host(probe: Probe) -> Installation:
    """The installation that was probed.

    Debian's pyconfig.h only includes the one of the CPU; that one is taken.
    """
    stdlib, include = Path(probe.stdlib), Path(probe.include)
    if probe.multiarch:
        of_cpu = include.parent / probe.multiarch / include.name
        include = of_cpu if (of_cpu / "pyconfig.h").is_file() else include
    return Installation(
        version=probe.spelled,
        machine=probe.machine,
        executable=Path(probe.executable),
        prefix=probe.prefix,
        stdlib=stdlib,
        dynload=Path(probe.dynload) if probe.dynload else stdlib / "lib-dynload",
        include=include,
    )


def of_archive(root: Path, contents: InstallationFiles) -> Installation:
    """The installation that an archive was unpacked to."""
    name = f"python{contents.short}"
    stdlib = root / "lib" / name
    return Installation(
        version=contents.version,
        machine=contents.machine,
        executable=root / "bin" / name,
        prefix=str(root),
        stdlib=stdlib,
        dynload=stdlib / "lib-dynload",
        include=root / "include" / name,
        enclosed=root,
    )
