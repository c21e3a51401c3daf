#!/bin/sh
# Usage: scripts/which-python.sh PROGRAM
# Names an interpreter for a log: which Python it is, and where its own is below a virtual
# environment.
"$1" -c 'import os, platform, sys
print(platform.python_implementation(), platform.python_version(), os.path.realpath(sys.executable))' \
    2>/dev/null || printf 'no Python at %s\n' "$1"
