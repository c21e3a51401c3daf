"""The scripts that Tcl and Tk need in addition to their libraries, for those who keep tkinter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from relforge import cache

SHARED = Path("/usr/share/tcltk")  # Debian's place
FIRST = {"tcl": "init.tcl", "tk": "tk.tcl"}


def scripts(libraries: Mapping[str, Path]) -> dict[str, Path]:
    """By their places below ``lib``, where Tcl looks from the program on."""
    found: dict[str, Path] = {}
    for name, path in libraries.items():
        if match := re.fullmatch(r"lib(tcl|tk)(\d\.\d)\.so.*", name):
            directory = f"{match[1]}{match[2]}"
            for parent in (path.parent, path.parent.parent, SHARED):
                if (parent / directory / FIRST[match[1]]).is_file():
                    for script in cache.walk(parent / directory):
                        inner = script.relative_to(parent / directory).as_posix()
                        if script.is_file() and not inner.startswith(("demos/", "images/")):
                            found[f"{directory}/{inner}"] = script
                    break
    return found
