"""Bytecode in a tree: made once at build time, valid wherever the tree is moved to.

``unchecked-hash`` (PEP 552) files never look at their source again, so neither
time stamps nor paths matter; the source path inside is relative and is made
good by the import system when a module is loaded.
"""

from __future__ import annotations

import _imp
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from relforge.tree import compiler

MIGRATIONS = ("migrations", "alembic", "versions")  # directories whose sources are data


def made_of(header: bytes) -> tuple[bytes, bytes] | None:
    """Of the first 16 bytes of bytecode: the interpreter's mark, and the hash of its source.

    None where the interpreter itself sees whether the source has changed.
    """
    unchecked = header[4:8] == (1).to_bytes(4, "little")
    return (header[:4], header[8:16]) if unchecked and len(header) == 16 else None


def source_hash(magic: bytes, source: bytes) -> bytes:
    """The hash that the interpreter with that mark has of a source."""
    return _imp.source_hash(int.from_bytes(magic, "little"), source)


def source_of(path: str) -> str:
    """``a/b.py`` of ``a/__pycache__/b.cpython-312.pyc``, and of ``a/b.pyc``."""
    directory, _, name = path.rpartition("/")
    above = directory.removesuffix("__pycache__").rstrip("/")
    return f"{above}/{name.partition('.')[0]}.py".lstrip("/")


def refresh(
    python: Path | None, tree: Path, root: str, sources: Iterable[str], tag: str, *, strip: bool
) -> bool:
    """Compile those modules below the root where their bytecode is of another source.

    Paths are relative to the tree.  With ``strip`` bytecode takes the place of a source
    whose package has none.  The old bytecode may be a hard link into the cache, so it is
    removed, and not written to.  Whether anything was done.
    """
    stale, replaced = [], []
    for source in sources:
        directory, _, name = source.rpartition("/")
        stem = name.removesuffix(".py")
        compiled = tree / directory / "__pycache__" / f"{stem}.{tag}.pyc"
        beside = tree / directory / f"{stem}.pyc"
        in_place = strip and (beside.exists() or (tree / directory / "__init__.pyc").exists())
        if in_place:
            replaced.append((tree / source, compiled, beside))
        elif not compiled.exists() or _is_of(compiled, tree / source):
            continue
        compiled.unlink(missing_ok=True)
        stale.append(os.path.relpath(source, root))
    if stale:
        compiler.compile_tree(python, tree / root, only=stale)
    for text, compiled, beside in replaced:
        beside.unlink(missing_ok=True)
        if compiled.exists():
            compiled.replace(beside)
            text.unlink()
            with suppress(OSError):  # there is more in it
                compiled.parent.rmdir()
    return bool(stale)


def _is_of(compiled: Path, source: Path) -> bool:
    with compiled.open("rb") as file:
        found = made_of(file.read(16))
    return found is None or source_hash(found[0], source.read_bytes()) == found[1]


def drop_sources(directory: Path, *, scripts: bool = False) -> dict[str, str]:
    """Put the bytecode of each module in the place of its source: what became what.

    Paths are relative to the directory.  Only modules of packages are touched:
    what is in a directory without ``__init__.py`` may be read as a text.  So may
    migrations: Alembic would silently find none.  The modules of the directory
    itself are touched where it does not hold ``scripts``, which are run by name.
    """
    moved = {}
    for parent, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name not in MIGRATIONS]
        is_package = "__init__.py" in names or (parent == os.fspath(directory) and not scripts)
        if not is_package or os.path.basename(parent) == "__pycache__":
            continue
        compiled = _compiled(os.path.join(parent, "__pycache__"))
        for name in names:
            stem, suffix = os.path.splitext(name)
            if suffix == ".py" and stem in compiled:
                source, code = os.path.join(parent, name), os.path.join(parent, f"{stem}.pyc")
                os.replace(compiled[stem], code)
                os.unlink(source)
                moved[os.path.relpath(source, directory)] = os.path.relpath(code, directory)
    for parent, _, _ in os.walk(directory, topdown=False):
        if os.path.basename(parent) == "__pycache__" and not os.listdir(parent):
            os.rmdir(parent)
    return moved


def _compiled(directory: str) -> dict[str, str]:
    """The bytecode in a directory, by the modules' names."""
    rows = os.listdir(directory) if os.path.isdir(directory) else []
    return {name.partition(".")[0]: os.path.join(directory, name) for name in rows}
