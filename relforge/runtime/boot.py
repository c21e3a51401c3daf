"""Entry of the control commands, run by the launcher as ``python -I -S -B boot.py COMMAND``."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # .../runtime/relforge/runtime/boot.py: make `relforge` importable, without `site`.
    sys.path.insert(0, __file__.rsplit("/", 3)[0])
    from relforge.runtime import commands

    sys.exit(commands.main(sys.argv[1:]))
