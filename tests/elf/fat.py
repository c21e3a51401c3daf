"""An extension module with symbols, which most distributions take out of their own CPython."""

from __future__ import annotations

import io
import subprocess
import sysconfig
from pathlib import Path

from elftools.elf.elffile import ELFFile

DYNLOAD = Path(str(sysconfig.get_config_var("DESTSHARED")))
# Without Python's headers: the layout that `PyModuleDef` has on 64 bits.
SOURCE = """
static struct {
    long count; void *type, *init; long index; void *copy;
    const char *name, *doc; long size; void *methods, *slots, *traverse, *clear, *free;
} definition = {.count = 1, .name = "fat", .size = -1};
extern void *PyModule_Create2(void *, int);
void *PyInit_fat(void) { return PyModule_Create2(&definition, 1013); }
"""


def module(directory: Path) -> Path:
    """One of this CPython's where it has symbols, else one compiled in the directory."""
    found = [path for path in sorted(DYNLOAD.glob("*.so")) if len(sections(path)) > 30]
    return found[0] if found else _compiled(directory)


def sections(path: Path) -> list[str]:
    """The names of the file's sections."""
    return [row.name for row in ELFFile(io.BytesIO(path.read_bytes())).iter_sections()]


def _compiled(directory: Path) -> Path:
    source, library = directory / "fat.c", directory / "fat.so"
    source.write_text(SOURCE)
    subprocess.run(["cc", "-g", "-shared", "-fPIC", "-o", library, source], check=True)
    assert {".symtab", ".debug_info"} <= {*sections(library)}
    return library
