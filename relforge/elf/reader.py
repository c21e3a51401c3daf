"""What an ELF file needs of the host: its libraries, its CPU, its glibc.

By pyelftools: 0.27 s for 107 files, its import included.  LIEF 1.0 reads them in
0.01 s, after an import of 0.47 s, which a build pays that looks at a single file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAGIC = b"\x7fELF"
MACHINES = {
    "EM_X86_64": "x86_64",
    "EM_AARCH64": "aarch64",
    "EM_386": "i686",
    "EM_ARM": "armv7l",
    "EM_RISCV": "riscv64",
    "EM_PPC64": "ppc64le",
    "EM_S390": "s390x",
    "EM_LOONGARCH": "loongarch64",
}

# What comes with every glibc and must never be brought along: these belong to the loader.
# libcrypt is not among them: it is a project of its own today and absent on some hosts.
GLIBC = frozenset(
    {
        *("libc.so.6", "libm.so.6", "libmvec.so.1", "libdl.so.2", "libpthread.so.0"),
        *("librt.so.1", "libutil.so.1", "libresolv.so.2", "libanl.so.1", "libnsl.so.1"),
        *("libBrokenLocale.so.1", "libthread_db.so.1", "libc_malloc_debug.so.0"),
        *("libnss_files.so.2", "libnss_dns.so.2", "libnss_compat.so.2", "libnss_hesiod.so.2"),
        "ld-linux-x86-64.so.2",  # x86_64
        "ld-linux-aarch64.so.1",  # aarch64
        "ld-linux.so.2",  # i686
        "ld-linux-armhf.so.3",  # armv7l
        "ld-linux-riscv64-lp64d.so.1",  # riscv64
        "ld64.so.2",  # ppc64le
        "ld64.so.1",  # s390x
        "ld-linux-loongarch-lp64d.so.1",  # loongarch64
    }
)

# Version names without a number, and the first glibc that has them.
NAMED_VERSIONS = {"GLIBC_ABI_DT_RELR": (2, 36)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Elf:
    """One program or library.  ``glibc`` is the oldest it runs on, "" where it needs none."""

    machine: str  # as `uname -m` says it
    bits: int
    soname: str
    needed: tuple[str, ...]
    rpath: tuple[str, ...]  # as written, with $ORIGIN; counts only where `runpath` is empty
    runpath: tuple[str, ...]
    interpreter: str  # the loader that the kernel starts for it; "" for a library
    glibc: str


def read(path: Path) -> Elf | None:
    """Read the headers; None for a file that is not ELF, or is broken."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            return None
        # Late, here and below: it is slow to import, and most files were read before.
        from elftools.common.exceptions import ELFError  # noqa: PLC0415 - seldom needed
        from elftools.elf.elffile import ELFFile  # noqa: PLC0415 - slow to import, seldom needed

        try:
            return _read(ELFFile(file))
        except (ELFError, UnicodeDecodeError):
            return None


def is_elf(path: Path) -> bool:
    """Tell by the first four bytes."""
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def floor(files: Iterable[Elf]) -> str:
    """The oldest glibc that all of them run on; "" where none needs any."""
    return _text(max((number(file.glibc) for file in files), default=()))


def number(version: str) -> tuple[int, ...]:
    """``2.34`` as a tuple that compares."""
    return tuple(int(part) for part in version.split(".")) if version else ()


def newer(path: Path, glibc: str) -> tuple[str, ...]:
    """The symbols that the file takes from a newer glibc than that, such as ``fstat@GLIBC_2.33``.

    None where it is a version without symbols that is newer, or nothing is.
    """
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415 - slow to import, seldom needed

    with path.open("rb") as file:
        elf: Any = ELFFile(file)
        needs = elf.get_section_by_name(".gnu.version_r")
        index = elf.get_section_by_name(".gnu.version")
        symbols = elf.get_section_by_name(".dynsym")
        if needs is None or index is None or symbols is None:
            return ()
        versions = {
            version["vna_other"]: version.name
            for library, rows in needs.iter_versions()
            if library.name in GLIBC
            for version in rows
            if _glibc_version(version.name) > number(glibc)
        }
        named = {
            f"{symbol.name}@{versions[row['ndx']]}"
            for symbol, row in zip(symbols.iter_symbols(), _indices(index), strict=False)
            if row["ndx"] in versions
        }
    return tuple(sorted(named))


def _indices(section: Any) -> Iterator[Any]:
    return (row.entry for row in section.iter_symbols())


def _read(file: Any) -> Elf:
    soname = ""
    needed: list[str] = []
    rpath: list[str] = []
    runpath: list[str] = []
    interpreter = ""
    for segment in file.iter_segments():
        kind = segment["p_type"]
        if kind == "PT_INTERP":
            interpreter = segment.get_interp_name()
        elif kind == "PT_DYNAMIC":
            for tag in segment.iter_tags():
                name = tag.entry.d_tag
                if name == "DT_NEEDED":
                    needed.append(tag.needed)
                elif name == "DT_SONAME":
                    soname = tag.soname
                elif name == "DT_RPATH":
                    rpath += _paths(tag.rpath)
                elif name == "DT_RUNPATH":
                    runpath += _paths(tag.runpath)
    machine = file["e_machine"]
    return Elf(
        machine=MACHINES.get(machine, str(machine)),
        bits=file.elfclass,
        soname=soname,
        needed=tuple(needed),
        rpath=tuple(rpath),
        runpath=tuple(runpath),
        interpreter=interpreter,
        glibc=_glibc(file),
    )


def _glibc(file: Any) -> str:
    highest: tuple[int, ...] = ()
    section = file.get_section_by_name(".gnu.version_r")
    if section is None:
        return ""
    for library, versions in section.iter_versions():
        if library.name in GLIBC:
            highest = max([highest, *(_glibc_version(version.name) for version in versions)])
    return _text(highest)


def _glibc_version(name: str) -> tuple[int, ...]:
    if name in NAMED_VERSIONS:
        return NAMED_VERSIONS[name]
    kind, _, version = name.partition("_")
    if kind != "GLIBC" or not version[:1].isdigit():
        return ()  # GLIBC_PRIVATE: what the libraries of one glibc want of each other
    return number(version)


def _text(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def _paths(text: str) -> list[str]:
    return [part for part in text.split(":") if part]
