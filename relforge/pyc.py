"""Byte code in a tree: made once at build time, valid wherever the tree is moved to.

``unchecked-hash`` (PEP 552) files never look at their source again, so neither
time stamps nor paths matter; the source path inside is relative and is made
good by the import system when a module is loaded.
"""

from __future__ import annotations

from pathlib import Path

from relforge import command

# Sorted, since what one process compiled before may show in what it compiles next.
_PROGRAM = """
import os, py_compile, sys, warnings
warnings.simplefilter("ignore")
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
for folder, folders, names in os.walk(sys.argv[1]):
    folders.sort()
    for file in (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py")):
        inner = os.path.relpath(file, sys.argv[1])
        try:
            py_compile.compile(file, dfile=inner, doraise=True, invalidation_mode=mode)
        except py_compile.PyCompileError:
            pass
        except OSError as error:
            if os.path.isfile(file):
                sys.exit(f"{inner}: {error.strerror}")
"""


def compile_tree(python: Path | None, folder: Path) -> None:
    """Compile every module below the folder with that interpreter, reproducibly.

    Without one nothing is compiled: the modules are for another CPU, and this
    host has no Python of their version.

    A module that does not compile (a template, a test of syntax) is passed
    over; byte code that cannot be written is a UserError, since a tree that
    lacks some of it by accident is not the same tree.
    """
    if python is None:
        return
    command.run(
        [python, "-I", "-S", "-c", _PROGRAM, folder], what=f"compiling the modules in {folder}"
    )
