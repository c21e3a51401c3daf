"""Byte code in a tree: made once at build time, valid wherever the tree is moved to.

``unchecked-hash`` (PEP 552) files never look at their source again, so neither
time stamps nor paths matter; the source path inside is relative and is made
good by the import system when a module is loaded.
"""

from __future__ import annotations

from pathlib import Path

from relforge import command


def compile_tree(python: Path, folder: Path) -> None:
    """Compile every module below the folder with that interpreter, reproducibly.

    A module that does not compile (a template, a test of syntax) is passed over.
    """
    program = (
        "import compileall, py_compile, sys; "
        "compileall.compile_dir(sys.argv[1], maxlevels=99, quiet=2, force=True, legacy=False, "
        "stripdir=sys.argv[1], "
        "invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
    )
    command.run([python, "-I", "-S", "-c", program, folder], what=f"compiling {folder.name}")
