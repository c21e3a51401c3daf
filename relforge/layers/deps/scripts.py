"""The programs of packages: ``python/bin/<name>``, the same bytes for each.

    python/bin/alembic               templates/script.sh
    python/share/scripts/alembic.py  what it runs: the entry point, or the wheel's own script

No path is written into either, so they work wherever the release lies.
"""

from __future__ import annotations

import functools
from importlib.resources import files

LAUNCHER = "script.sh"
HALF = """\
import os
import sys

from {module} import {top}

if __name__ == "__main__":
    prefix = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.argv[0] = os.path.join(prefix, "bin", {name!r})
    sys.exit({attribute}())
"""


@functools.cache
def launcher() -> bytes:
    """The shell half; it finds its Python half by its own name."""
    return files("relforge").joinpath("templates", LAUNCHER).read_bytes()


def python_half(name: str, module: str, attribute: str) -> bytes:
    """What calls the entry point ``module:attribute`` as the program ``name``."""
    top = attribute.partition(".")[0]
    return HALF.format(name=name, module=module, top=top, attribute=attribute).encode()


def is_python(data: bytes) -> bool:
    """Whether a script of a wheel asks for the interpreter that it is installed for."""
    return data.startswith((b"#!python", b"#!/usr/bin/env python", b"#!/usr/bin/python"))
